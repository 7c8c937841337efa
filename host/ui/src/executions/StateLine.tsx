/** The states of an execution on a line, and its attempts. */
import { useTranslation } from 'react-i18next';
import type { Execution } from '../api/client';
import { StatusMark } from '../parts/StatusMark';
import { useZoneMode } from '../parts/settings';
import { absolute, duration, zoneFor } from '../parts/time';
import { When } from '../parts/When';

export function StateLine({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const { scheduled_for, started_at, completed_at, status } = execution;
  const late = started_at ? (new Date(started_at).getTime() - new Date(scheduled_for).getTime()) / 1000 : null;
  return (
    <ol className="sg-states" aria-label={t('executions.states')}>
      <li>
        <StatusMark status="queued" />
        <When at={scheduled_for} />
      </li>
      {started_at && (
        <li>
          <StatusMark status="running" />
          <span>
            <When at={started_at} />
            {late !== null && late >= 0 && (
              <span className="sg-soft"> · {t('executions.lateness', { time: duration(late) })}</span>
            )}
          </span>
        </li>
      )}
      {completed_at && (
        <li>
          <StatusMark status={status} />
          <When at={completed_at} />
        </li>
      )}
    </ol>
  );
}

export function Attempts({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const [mode] = useZoneMode();
  if (execution.attempts.length < 2) return null;
  return (
    <>
      <h3 className="sg-panel-title sg-spaced-above">{t('executions.attempts')}</h3>
      <ol className="sg-runs">
        {execution.attempts.map((attempt) => (
          <li key={attempt.number}>
            <span>
              {attempt.number}. <StatusMark status={attempt.status} /> {attempt.error}
            </span>
            <small>{absolute(attempt.started_at, zoneFor(mode, undefined))}</small>
          </li>
        ))}
      </ol>
    </>
  );
}
