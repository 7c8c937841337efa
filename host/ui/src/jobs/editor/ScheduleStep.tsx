/** When it runs, and what happens around a run. */
import { NumberInput, Select, Switch, TagsInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Template } from '../../api/client';
import type { Fault } from '../../api/problem';
import { PreviewPanel, type usePreview } from '../../schedule/PreviewPanel';
import { ScheduleFields } from '../../schedule/ScheduleFields';
import type { Draft } from './draft';

interface Props {
  template: Template;
  draft: Draft;
  change: (draft: Draft) => void;
  schedule: ReturnType<typeof usePreview>;
  faults: Fault[];
}

export function ScheduleStep({ template, draft, change, schedule, faults }: Props) {
  const { t } = useTranslation();
  const told = (pointer: string) =>
    faults.find((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))?.message;
  const retry = draft.retry_policy ?? {
    max_retries: 0,
    retry_delay_seconds: 60,
    backoff: 'fixed' as const,
    jitter: false,
  };
  const misfire = draft.misfire ?? { policy: 'latest' as const, window_seconds: 3600 };
  const notifications = draft.notifications ?? { on_success: [], on_failure: [] };
  const set = (part: Partial<Draft>) => change({ ...draft, ...part });
  const count = (value: string | number) => (value === '' ? 0 : Number(value));
  return (
    <div className="sg-two">
      <div className="sg-stack">
        <section className="sg-panel" aria-label={t('editor.steps.schedule')}>
          <ScheduleFields
            value={draft.schedule}
            onChange={(next) => set({ schedule: next })}
            problems={schedule.problems}
          />
        </section>
        <section className="sg-panel sg-stack" aria-label={t('policy.title')}>
          <details className="sg-more-options sg-first-option">
            <summary>{t('policy.title')}</summary>
            <div className="sg-stack">
              <div className="sg-row">
                <Select
                  label={t('policy.overlap')}
                  description={t('policy.overlap_help')}
                  value={draft.overlap_policy ?? 'skip'}
                  allowDeselect={false}
                  data={(['skip', 'queue_one', 'allow', 'replace'] as const).map((value) => ({
                    value,
                    label: t(`policy.overlaps.${value}`),
                  }))}
                  error={told('/overlap_policy')}
                  onChange={(value) => set({ overlap_policy: value as Draft['overlap_policy'] })}
                />
                {draft.overlap_policy === 'allow' && (
                  <NumberInput
                    label={t('policy.max_concurrent')}
                    min={1}
                    max={1000}
                    value={draft.max_concurrent ?? 1}
                    error={told('/max_concurrent')}
                    onChange={(value) => set({ max_concurrent: count(value) })}
                  />
                )}
                <Select
                  label={t('policy.misfire')}
                  description={t('policy.misfire_help')}
                  value={misfire.policy}
                  allowDeselect={false}
                  data={(['latest', 'all', 'none'] as const).map((value) => ({
                    value,
                    label: t(`policy.misfires.${value}`),
                  }))}
                  error={told('/misfire')}
                  onChange={(value) => set({ misfire: { ...misfire, policy: value as typeof misfire.policy } })}
                />
              </div>
              <div className="sg-row">
                <NumberInput
                  label={t('policy.timeout')}
                  suffix=" s"
                  min={1}
                  max={604800}
                  value={draft.timeout_seconds ?? 300}
                  error={told('/timeout_seconds')}
                  onChange={(value) => set({ timeout_seconds: count(value) })}
                />
                <NumberInput
                  label={t('policy.retries')}
                  min={0}
                  max={100}
                  value={retry.max_retries}
                  error={told('/retry_policy')}
                  onChange={(value) => set({ retry_policy: { ...retry, max_retries: count(value) } })}
                />
                <NumberInput
                  label={t('policy.retry_delay')}
                  suffix=" s"
                  min={0}
                  max={86400}
                  disabled={retry.max_retries === 0}
                  value={retry.retry_delay_seconds}
                  onChange={(value) => set({ retry_policy: { ...retry, retry_delay_seconds: count(value) } })}
                />
                <Select
                  label={t('policy.backoff')}
                  disabled={retry.max_retries === 0}
                  value={retry.backoff}
                  allowDeselect={false}
                  data={(['fixed', 'exponential'] as const).map((value) => ({
                    value,
                    label: t(`policy.backoffs.${value}`),
                  }))}
                  onChange={(value) => set({ retry_policy: { ...retry, backoff: value as typeof retry.backoff } })}
                />
              </div>
              <Switch
                label={t('policy.jitter')}
                disabled={retry.max_retries === 0}
                checked={retry.jitter}
                onChange={(event) => set({ retry_policy: { ...retry, jitter: event.currentTarget.checked } })}
              />
              <div className="sg-row">
                <NumberInput
                  label={t('policy.priority')}
                  description={t('policy.priority_help')}
                  min={0}
                  max={9}
                  value={draft.priority ?? 5}
                  error={told('/priority')}
                  onChange={(value) => set({ priority: count(value) })}
                />
                <Select
                  label={t('policy.on_lost')}
                  description={t('policy.on_lost_help')}
                  value={draft.on_lost ?? 'template'}
                  allowDeselect={false}
                  data={[
                    {
                      value: 'template',
                      label: t('policy.on_losts.template', { word: t(`policy.on_losts.${template.on_lost}`) }),
                    },
                    { value: 'retry', label: t('policy.on_losts.retry') },
                    { value: 'fail', label: t('policy.on_losts.fail') },
                  ]}
                  onChange={(value) => set({ on_lost: value === 'template' ? null : (value as Draft['on_lost']) })}
                />
              </div>
            </div>
          </details>
          <details className="sg-more-options">
            <summary>{t('policy.notifications')}</summary>
            <div className="sg-stack">
              {(['on_failure', 'on_success'] as const).map((end) => (
                <TagsInput
                  key={end}
                  label={t(`policy.${end}`)}
                  description={t('policy.notify_help')}
                  acceptValueOnBlur
                  value={notifications[end]}
                  error={told(`/notifications/${end}`)}
                  onChange={(value) => set({ notifications: { ...notifications, [end]: value } })}
                />
              ))}
            </div>
          </details>
        </section>
      </div>
      <PreviewPanel {...schedule} />
    </div>
  );
}
