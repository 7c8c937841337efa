/** The same as the lanes, as a list: for reading, and for the keyboard. */
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Timeline } from '../api/client';
import { Name } from '../parts/Details';
import { StatusMark } from '../parts/StatusMark';
import { Empty } from '../parts/states';
import { duration, number, wallClock } from '../parts/time';
import { type Entry, entriesOf, failed, sum } from './entries';

const AT_ONCE = 200;

export function EntryList({ timeline, ofJob = false }: { timeline: Timeline; ofJob?: boolean }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(AT_ONCE);
  const entries = entriesOf(timeline);
  if (entries.length === 0) return <Empty title={t('timeline.nothing')}>{t('timeline.nothing_hint')}</Empty>;
  return (
    <>
      <div className="sg-table-box">
        <table className="sg-table">
          <thead>
            <tr>
              <th scope="col">{t('executions.when')}</th>
              {!ofJob && <th scope="col">{t('executions.job')}</th>}
              <th scope="col">{t('jobs.status')}</th>
              <th scope="col" className="sg-number">
                {t('executions.duration')}
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, shown).map((entry) => (
              <tr key={entry.key}>
                <td>
                  <When entry={entry} zone={timeline.timezone} />
                </td>
                {!ofJob && (
                  <td className="sg-main-cell">
                    <Link to="/jobs/$id" params={{ id: entry.jobId }}>
                      <Name text={entry.jobName} />
                    </Link>
                  </td>
                )}
                <td>
                  <What entry={entry} />
                </td>
                <td className="sg-number">{entry.duration != null ? duration(entry.duration) : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {entries.length > shown && (
        <div className="sg-foot">
          <span>{t('timeline.shown', { shown: number(shown), all: number(entries.length) })}</span>
          <Button variant="default" size="xs" onClick={() => setShown(shown + AT_ONCE)}>
            {t('timeline.more')}
          </Button>
        </div>
      )}
    </>
  );
}

function When({ entry, zone }: { entry: Entry; zone: string }) {
  const whole = `${wallClock(entry.at, zone)}${entry.until ? ` – ${wallClock(entry.until, zone)}` : ''} ${zone}`;
  return (
    <time dateTime={entry.at} title={whole}>
      {wallClock(entry.at, zone, !entry.until)}
      {entry.until && `–${wallClock(entry.until, zone, false).slice(-5)}`}
    </time>
  );
}

function What({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  if (entry.execution && entry.status)
    return (
      <Link to="/executions/$id" params={{ id: entry.execution }} className="sg-plain-link">
        <StatusMark status={entry.status} />
      </Link>
    );
  if (!entry.until) return <span className="sg-soft">○ {t('timeline.is_planned')}</span>;
  const [all, bad] = [sum(entry.runs), failed(entry.runs)];
  return (
    <span>
      {[
        all > 0 && t('timeline.ran', { count: all, number: number(all) }),
        bad > 0 && t('timeline.failed', { number: number(bad) }),
        Boolean(entry.planned) && t('timeline.planned', { count: entry.planned, number: number(entry.planned ?? 0) }),
      ]
        .filter(Boolean)
        .join(', ')}
    </span>
  );
}
