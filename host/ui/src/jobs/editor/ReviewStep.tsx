/** Everything once more, before it is done: what, when, what it may touch, and the call that does the same. */
import { Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask, type Template } from '../../api/client';
import { isObject } from '../../form/schema';
import { Code, Details, Members } from '../../parts/Details';
import { Trouble } from '../../parts/states';
import { Forecast } from '../../templates/Forecast';
import { Needs } from '../../templates/Needs';
import { curlOf, type Draft, requestOf } from './draft';

interface Props {
  template: Template;
  draft: Draft;
  change: (draft: Draft) => void;
  text: string | undefined;
  call: { method: string; path: string };
  mode: 'new' | 'edit';
}

/** The value at a JSON pointer. */
export function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((place, key) => (isObject(place) ? place[key] : undefined), value);
}

export function ReviewStep({ template, draft, change, text, call, mode }: Props) {
  const { t } = useTranslation();
  const request = requestOf(draft);
  const checked = useQuery({
    queryKey: ['validate', request],
    queryFn: () => ask(api.POST('/api/admin/scheduler/jobs/validate', { body: request })),
    retry: false,
    staleTime: 0,
  });
  const dry = template.dry_run ? at(draft.parameters, template.dry_run) : undefined;
  return (
    <div className="sg-two">
      <div className="sg-stack">
        {checked.isError && <Trouble error={checked.error} />}
        {typeof dry === 'boolean' && (
          <div className="sg-note" data-tone={dry ? undefined : 'timeout'}>
            <p>{dry ? t('editor.is_dry') : t('editor.is_not_dry')}</p>
          </div>
        )}
        <section className="sg-panel">
          <Details
            rows={[
              [t('editor.name'), draft.name],
              [t('jobs.template'), `${template.icon} ${template.name} ${template.version}`],
              [t('jobs.schedule'), text],
              [t('editor.description'), draft.description],
              [t('editor.tags'), draft.tags?.join(', ')],
              [t('policy.overlap'), t(`policy.overlaps.${draft.overlap_policy ?? 'skip'}`)],
              [t('policy.timeout'), `${draft.timeout_seconds ?? 300} s`],
              [t('policy.retries'), String(draft.retry_policy?.max_retries ?? 0)],
            ]}
          />
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('editor.parameters')}</h2>
          <Members value={draft.parameters} />
        </section>
        <section className="sg-panel">
          <div className="sg-stack">
            <Switch
              label={t('editor.enabled')}
              description={t('editor.enabled_help')}
              checked={draft.enabled !== false}
              onChange={(event) => change({ ...draft, enabled: event.currentTarget.checked })}
            />
            {mode === 'new' && (
              <Switch
                label={dry === true ? t('editor.run_dry') : t('editor.run_now')}
                description={t('editor.run_now_help')}
                checked={draft.run_now === true}
                onChange={(event) => change({ ...draft, run_now: event.currentTarget.checked || undefined })}
              />
            )}
          </div>
        </section>
      </div>
      <div className="sg-stack">
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('editor.access')}</h2>
          {checked.data?.forecast && <Forecast type={template.type} forecast={checked.data.forecast} />}
          <Needs template={template} parameters={draft.parameters} />
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('editor.call')}</h2>
          <Code text={curlOf(call.method, call.path, request)} />
        </section>
      </div>
    </div>
  );
}
