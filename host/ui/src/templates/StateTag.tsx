/** How a template stands: shape, word and colour. A version that waits counts more than that the one before runs on. */
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';

const TONE: Record<Template['state'], string> = {
  ready: 'success',
  not_granted: 'timeout',
  awaiting_approval: 'timeout',
  missing: 'failed',
  not_loaded: 'failed',
  retired: 'cancelled',
};

function Shape({ tone }: { tone: string }) {
  const line = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.6, strokeLinecap: 'round' } as const;
  if (tone === 'success') return <circle cx="6" cy="6" r="4.500" fill="currentColor" />;
  if (tone === 'timeout') return <path d="M6 1.500l5 9h-10zM6 5v2.500M6 9v.1" {...line} strokeLinejoin="round" />;
  if (tone === 'failed') return <path d="M2.500 2.500l7 7M9.500 2.500l-7 7" {...line} strokeWidth={2} />;
  return (
    <g {...line}>
      <circle cx="6" cy="6" r="4.300" />
      <path d="M3 9l6-6" />
    </g>
  );
}

export function StateTag({ template }: { template: Pick<Template, 'state' | 'waiting'> }) {
  const { t } = useTranslation();
  const state = template.waiting ? 'awaiting_approval' : template.state;
  const tone = TONE[state];
  return (
    <span className={`sg-status sg-tone-${tone}`} data-state={state}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <Shape tone={tone} />
      </svg>
      <span>{t(`template_state.${state}`)}</span>
    </span>
  );
}
