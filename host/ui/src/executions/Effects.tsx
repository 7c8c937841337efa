/** What crossed the sandbox of one execution. */
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { effectsQuery } from '../api/queries';
import { Skeleton, Trouble } from '../parts/states';
import { bytes, duration, number } from '../parts/time';

export function Effects({ id }: { id: string }) {
  const { t } = useTranslation();
  const effects = useQuery(effectsQuery(id));
  if (effects.isPending) return <Skeleton rows={3} />;
  if (effects.isError) return <Trouble error={effects.error} retry={() => void effects.refetch()} />;
  if (effects.data.length === 0) return <p className="sg-soft">{t('effects.none')}</p>;
  return (
    <div className="sg-table-box">
      <table className="sg-table">
        <thead>
          <tr>
            <th scope="col">{t('effects.verdict')}</th>
            <th scope="col">{t('effects.operation')}</th>
            <th scope="col">{t('effects.target')}</th>
            <th scope="col" className="sg-number">
              {t('effects.calls')}
            </th>
            <th scope="col" className="sg-number">
              {t('effects.items')}
            </th>
            <th scope="col" className="sg-number">
              {t('effects.bytes')}
            </th>
            <th scope="col" className="sg-number">
              {t('executions.duration')}
            </th>
          </tr>
        </thead>
        <tbody>
          {effects.data.map((effect, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: effects have no id here, and their order does not change
            <tr key={index}>
              <td>
                <Outcome outcome={effect.outcome} />
              </td>
              <td className="sg-main-cell">
                {effect.capability}.{effect.operation}
              </td>
              <td className="sg-mono sg-break">{effect.target}</td>
              <td className="sg-number">{number(effect.calls)}</td>
              <td className="sg-number">{number(effect.items)}</td>
              <td className="sg-number">{bytes(effect.bytes_in + effect.bytes_out)}</td>
              <td className="sg-number">{duration(effect.duration_ms / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The verdict of a call, and its reason where it was not allowed. */
export function Outcome({ outcome }: { outcome: unknown }) {
  const { t } = useTranslation();
  const told = typeof outcome === 'string' ? { verdict: outcome } : ((outcome ?? {}) as Record<string, unknown>);
  const verdict = String(told.verdict ?? told.kind ?? told.outcome ?? '');
  const reason = told.reason ?? told.detail ?? told.message;
  const bad = ['denied', 'limit', 'failed'].includes(verdict);
  return (
    <span className={bad ? 'sg-tone-failed' : undefined} title={typeof reason === 'string' ? reason : undefined}>
      {t(`verdict.${verdict}`, { defaultValue: verdict })}
      {bad && typeof reason === 'string' && <small className="sg-below">{reason}</small>}
    </span>
  );
}
