/** Status as shape, word and colour; the colour never stands alone. */
import { useTranslation } from 'react-i18next';
import type { ExecutionStatus, JobStatus } from '../api/client';

export type AnyStatus = ExecutionStatus | JobStatus;

const TONE: Record<AnyStatus, string> = {
  success: 'success',
  running: 'running',
  queued: 'queued',
  failed: 'failed',
  timeout: 'timeout',
  cancelled: 'cancelled',
  lost: 'lost',
  skipped: 'skipped',
  active: 'success',
  disabled: 'cancelled',
  finished: 'queued',
  blocked: 'failed',
};

/** The shape of each, drawn in a box of 12. */
function Shape({ status }: { status: AnyStatus }) {
  const line = {
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: 1.8,
    strokeLinecap: 'round',
    strokeLinejoin: 'round',
  } as const;
  switch (status) {
    case 'success':
    case 'active':
      return <circle cx="6" cy="6" r="4.500" fill="currentColor" />;
    case 'running':
      return (
        <g>
          <circle cx="6" cy="6" r="4.200" {...line} strokeWidth={1.4} />
          <path d="M6 1.800a4.200 4.200 0 0 1 0 8.400z" fill="currentColor" />
        </g>
      );
    case 'queued':
      return <circle cx="6" cy="6" r="4.200" {...line} strokeWidth={1.5} />;
    case 'failed':
    case 'blocked':
      return <path d="M2.500 2.500l7 7M9.500 2.500l-7 7" {...line} strokeWidth={2} />;
    case 'timeout':
      return <path d="M2.500 1.500h7L6 6zM6 6l3.500 4.500h-7z" {...line} strokeWidth={1.3} />;
    case 'cancelled':
      return (
        <g {...line} strokeWidth={1.4}>
          <circle cx="6" cy="6" r="4.300" />
          <path d="M3 9l6-6" />
        </g>
      );
    case 'lost':
      return <path d="M3.800 4.200a2.200 2.200 0 1 1 3.200 2c-.8.4-1 .8-1 1.600M6 10.200v.1" {...line} />;
    case 'skipped':
      return <path d="M1.800 8.500C2 4 8 3 10 7M10.300 3.500V7.200H6.800" {...line} strokeWidth={1.5} />;
    case 'disabled':
      return <path d="M4 2.500v7M8 2.500v7" {...line} strokeWidth={2} />;
    case 'finished':
      return <path d="M2 6.500l3 3 5-7" {...line} />;
  }
}

export function StatusMark({ status, small = false }: { status: AnyStatus; small?: boolean }) {
  const { t } = useTranslation();
  const word = t(`status.${status}`);
  return (
    <span className={`sg-status sg-tone-${TONE[status]}`} data-status={status}>
      <svg
        width="12"
        height="12"
        viewBox="0 0 12 12"
        aria-hidden={!small}
        role={small ? 'img' : undefined}
        aria-label={small ? word : undefined}
        className={status === 'running' ? 'sg-turns' : undefined}
      >
        <Shape status={status} />
      </svg>
      {!small && <span>{word}</span>}
    </span>
  );
}
