/** A version that waits for a person's word: what it asks for beside the one in force, and yes or no. */
import { Button, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { api, ask, type Template } from '../api/client';
import { Trouble } from '../parts/states';
import { When } from '../parts/When';
import { Confirm } from './Confirm';
import { Narrowing, Target } from './Needs';
import { templatesChanged } from './queries';
import type { Need } from './rights';

type WaitingVersion = NonNullable<Template['waiting']>;
export type Approved = Awaited<ReturnType<typeof approve>>;

interface Difference {
  needs_added: (Need & { is_more: boolean })[];
  needs_removed: Need[];
  needs_changed: { before: Need; after: Need; is_more: boolean }[];
  functions_added: string[];
  functions_removed: string[];
}

const approve = (type: string, digest: string, grantNeeds: boolean) =>
  ask(
    api.POST('/api/admin/scheduler/templates/{type}/approve', {
      params: { path: { type } },
      body: { digest, grant_needs: grantNeeds },
    }),
  );

interface Props {
  template: Template;
  waiting: WaitingVersion;
  done: (approved: Approved) => void;
}

export function Waiting({ template, waiting, done }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [grantNeeds, setGrantNeeds] = useState(false);
  const [declining, setDeclining] = useState(false);
  const difference = waiting.difference as unknown as Difference;
  const asksMore = [...difference.needs_added, ...difference.needs_changed].some(({ is_more: more }) => more);
  const yes = useMutation({
    mutationFn: () => approve(template.type, waiting.digest, grantNeeds),
    onSuccess: (approved) => {
      done(approved);
      templatesChanged(client);
    },
  });
  const no = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE('/api/admin/scheduler/templates/{type}', {
          params: { path: { type: template.type }, query: { digest: waiting.digest } },
        }),
      ),
    onSuccess: () => {
      setDeclining(false);
      templatesChanged(client);
    },
  });
  return (
    <section className="sg-panel sg-waiting sg-spaced" aria-labelledby="waiting-title">
      <h2 className="sg-panel-title" id="waiting-title">
        {t('waiting.title', { version: waiting.version })}
      </h2>
      <p className="sg-soft sg-break">
        {t('waiting.lead', { version: template.version })} {waiting.since && <When at={waiting.since} />}
        {waiting.file && ` · ${waiting.file}`} · <code className="sg-json">{waiting.digest}</code>
      </p>
      <Differences difference={difference} />
      {!asksMore && waiting.reason && (
        <p className="sg-break">
          <strong>{t('waiting.reason')}</strong> {waiting.reason}
        </p>
      )}
      {waiting.warnings.map((warning) => (
        <p key={warning} className="sg-tone-timeout sg-break">
          {warning}
        </p>
      ))}
      {yes.isError && <Trouble error={yes.error} />}
      {may('approve_template') ? (
        <div className="sg-stack sg-spaced-above">
          {asksMore && (
            <Switch
              label={t('waiting.grant_needs')}
              description={grantNeeds ? t('waiting.grant_needs_on') : t('waiting.grant_needs_off')}
              checked={grantNeeds}
              onChange={(event) => setGrantNeeds(event.currentTarget.checked)}
            />
          )}
          <div className="sg-row sg-row-tight">
            <Button loading={yes.isPending} onClick={() => yes.mutate()}>
              {t('waiting.approve')}
            </Button>
            <Button
              variant="default"
              component={Link}
              to={`/templates/${template.type}/grant`}
              search={{ digest: waiting.digest } as never}
            >
              {t('waiting.grant_first')}
            </Button>
            <Button variant="subtle" color="var(--sg-failed)" onClick={() => setDeclining(true)}>
              {t('waiting.decline')}
            </Button>
          </div>
        </div>
      ) : (
        <p className="sg-soft">{t('waiting.ask_admin')}</p>
      )}
      <Confirm
        opened={declining}
        close={() => setDeclining(false)}
        title={t('waiting.decline_title', { version: waiting.version })}
        act={t('waiting.decline')}
        mutation={no}
      >
        {t('waiting.decline_text', { version: template.version })}
      </Confirm>
    </section>
  );
}

/** Sign, word and what: what reaches further is marked, whatever else changed is told. */
function Differences({ difference }: { difference: Difference }) {
  const { t } = useTranslation();
  const lines: { key: string; kind: 'added' | 'removed' | 'changed'; more: boolean; what: ReactNode }[] = [
    ...difference.needs_added.map((need) => ({
      key: `+${JSON.stringify(need)}`,
      kind: 'added' as const,
      more: need.is_more,
      what: <NeedText need={need} />,
    })),
    ...difference.needs_changed.map(({ before, after, is_more: more }) => ({
      key: `~${JSON.stringify(after)}`,
      kind: 'changed' as const,
      more,
      what: (
        <>
          <NeedText need={after} />
          <span className="sg-below">
            {t('waiting.before')} {before.reason || t('needs.no_reason')}
            {before.optional !== after.optional &&
              ` · ${t(before.optional ? 'waiting.was_optional' : 'waiting.was_needed')}`}
          </span>
          <Narrowing extra={before.extra} />
        </>
      ),
    })),
    ...difference.functions_added.map((name) => ({
      key: `+${name}`,
      kind: 'added' as const,
      more: true,
      what: <Call name={name} />,
    })),
    ...difference.needs_removed.map((need) => ({
      key: `-${JSON.stringify(need)}`,
      kind: 'removed' as const,
      more: false,
      what: <NeedText need={need} />,
    })),
    ...difference.functions_removed.map((name) => ({
      key: `-${name}`,
      kind: 'removed' as const,
      more: false,
      what: <Call name={name} />,
    })),
  ];
  const sorted = [...lines].sort((a, b) => Number(b.more) - Number(a.more));
  if (sorted.length === 0) return <p className="sg-soft">{t('waiting.same')}</p>;
  return (
    <ul className="sg-differences" aria-label={t('waiting.differences')}>
      {sorted.map(({ key, kind, more, what }) => (
        <li key={key} data-kind={kind}>
          <span className="sg-sign" aria-hidden="true">
            {{ added: '+', removed: '−', changed: '≠' }[kind]}
          </span>
          <span className="sg-difference-kind">
            {t(`waiting.kinds.${kind}`)}
            {more && <span className="sg-tag sg-tag-more">{t('waiting.more')}</span>}
          </span>
          <span className="sg-break">{what}</span>
        </li>
      ))}
    </ul>
  );
}

function Call({ name }: { name: string }) {
  const { t } = useTranslation();
  return (
    <>
      {t('waiting.can_call')} <code className="sg-json">{name}</code>
    </>
  );
}

function NeedText({ need }: { need: Need }) {
  const { t } = useTranslation();
  return (
    <>
      <strong>{t(`capability.${need.capability}`, { defaultValue: need.capability })}</strong>{' '}
      {t(`access.${need.access}`, { defaultValue: need.access })} <Target target={need.target} />{' '}
      {need.optional && <span className="sg-tag">{t('needs.optional')}</span>}
      <span className="sg-below">{need.reason || t('needs.no_reason')}</span>
      <Narrowing extra={need.extra} />
    </>
  );
}

/** What became of the jobs; those that stay are named with the reason. */
export function ApprovedNote({ approved, close }: { approved: Approved; close: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="sg-note sg-spaced" role="status" data-tone={approved.jobs_left.length > 0 ? 'timeout' : undefined}>
      <div className="sg-upload-head">
        <strong>{t('waiting.approved', { version: approved.template.version })}</strong>
        <Button size="compact-sm" variant="subtle" onClick={close}>
          {t('parts.close')}
        </Button>
      </div>
      <p>{t('waiting.moved', { count: approved.jobs_moved })}</p>
      {approved.jobs_left.length > 0 && (
        <>
          <p>{t('waiting.left', { count: approved.jobs_left.length })}</p>
          <ul className="sg-needs">
            {approved.jobs_left.map((job) => (
              <li key={job.id} className="sg-break">
                <Link to="/jobs/$id/edit" params={{ id: job.id }} search={{ step: 'parameters' }}>
                  {job.name}
                </Link>{' '}
                {job.problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
