/** How much is planned in each of the next 24 hours, as bars; in words for those who do not see them. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../parts/now';
import { useZoneMode } from '../parts/settings';
import { number, zoneFor } from '../parts/time';
import { timelineQuery } from './queries';
import './timeline.css';

const HOUR_MS = 3_600_000;

export function LoadStrip() {
  const { t } = useTranslation();
  const [mode] = useZoneMode();
  const zone = zoneFor(mode, undefined);
  const begin = Math.floor(useNow(60_000) / HOUR_MS) * HOUR_MS;
  const instant = (at: number) => new Date(at).toISOString();
  const { data } = useQuery({
    ...timelineQuery({
      from: instant(begin),
      to: instant(begin + 24 * HOUR_MS),
      timezone: zone,
      load: true,
      page_size: 1,
    }),
    refetchInterval: 60_000,
  });
  const load = data?.load;
  if (!data || !load) return null;
  const planned = load.map((slot) => slot.planned);
  const [all, most] = [planned.reduce((sum, count) => sum + count, 0), Math.max(1, ...planned)];
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const peak = planned.indexOf(Math.max(...planned));
  const words = !data.load_is_whole ? 'at_least' : planned[peak] === all ? 'all' : 'whole';
  return (
    <section className="sg-panel sg-section">
      <div className="sg-section-head">
        <h2>{t('overview.load')}</h2>
        <Link to="/timeline">{t('places.timeline')}</Link>
      </div>
      <p className="sg-soft sg-load-words">
        {all === 0
          ? t('overview.load_none')
          : t(`overview.load_words.${words}`, {
              count: all,
              number: number(all),
              peak: number(planned[peak] ?? 0),
              at: clock.format(new Date(data.slots[peak] ?? data.from)),
            })}
      </p>
      <ol className="sg-load" aria-hidden="true">
        {data.slots.map((slot, index) => (
          <li key={slot} title={`${clock.format(new Date(slot))}: ${number(planned[index] ?? 0)}`}>
            <i
              style={{
                height: `${Math.max((planned[index] ?? 0) > 0 ? 6 : 0, ((planned[index] ?? 0) / most) * 100)}%`,
              }}
            />
            {index % 3 === 0 && <span>{clock.format(new Date(slot))}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
