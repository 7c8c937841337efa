/** Who changed what, and what crossed a sandbox or was refused. */
import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../api/client';
import { auditQuery } from '../api/queries';
import { Outcome } from '../executions/Effects';
import { Page } from '../parts/Page';
import { Empty, FilteredEmpty, Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import type { AuditSearch } from '../router';

const CAPABILITIES = ['documents', 'http', 'email', 'files', 'secrets', 'insight'];

const NARROWED = ['subject', 'operation', 'target', 'template_digest', 'job_id'] as const;

export function AuditPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const query = Object.fromEntries(
    Object.entries(search)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
  const audit = useQuery(auditQuery({ ...query, page_size: '50' }));
  const set = (change: Partial<AuditSearch>) =>
    void navigate({ search: (before: AuditSearch) => ({ ...before, cursor: undefined, ...change }), replace: true });
  const clear = () => void navigate({ search: {} });
  const filtered = Object.keys(query).some((key) => key !== 'cursor');
  // What a link from elsewhere narrowed it to, and no field here shows.
  const narrow = NARROWED.flatMap((name) => (search[name] ? [[name, search[name]] as const] : []));
  const entries = audit.data?.entries ?? [];
  const next = audit.data?.next_cursor;
  return (
    <Page title={t('places.audit')} lead={t('audit.lead')}>
      <search className="sg-filters">
        <Select
          label={t('audit.kind')}
          placeholder={t('filter.all')}
          clearable
          value={search.kind ?? null}
          data={(['effect', 'change'] as const).map((kind) => ({ value: kind, label: t(`audit.kinds.${kind}`) }))}
          onChange={(kind) =>
            set({
              kind: kind ?? undefined,
              ...(kind === 'change' ? { capability: undefined, refused: undefined } : {}),
            })
          }
        />
        <Select
          label={t('audit.capability')}
          placeholder={t('filter.all')}
          clearable
          value={search.capability ?? null}
          data={CAPABILITIES.map((capability) => ({ value: capability, label: t(`capability.${capability}`) }))}
          onChange={(capability) => set({ capability: capability ?? undefined })}
        />
        <Select
          label={t('audit.outcome')}
          placeholder={t('filter.all')}
          clearable
          value={search.refused ?? null}
          data={(['denied', 'limit'] as const).map((verdict) => ({ value: verdict, label: t(`verdict.${verdict}`) }))}
          onChange={(refused) => set({ refused: refused ?? undefined })}
        />
        {filtered && (
          <Button variant="subtle" onClick={clear}>
            {t('states.clear_filters')}
          </Button>
        )}
      </search>
      {narrow.length > 0 && (
        <p className="sg-soft sg-break">
          {t('audit.only')}{' '}
          {narrow.map(([name, value]) => (
            <span key={name}>
              {t(`audit.fields.${name}`)} <code className="sg-json">{value}</code>{' '}
            </span>
          ))}
        </p>
      )}
      {audit.isPending && <Skeleton />}
      {audit.isError && <Trouble error={audit.error} retry={() => void audit.refetch()} />}
      {audit.data &&
        entries.length === 0 &&
        (filtered ? <FilteredEmpty clear={clear} /> : <Empty title={t('audit.empty')}>{t('audit.empty_hint')}</Empty>)}
      {entries.length > 0 && (
        <div className="sg-table-box">
          <table className="sg-table">
            <thead>
              <tr>
                <th scope="col">{t('executions.when')}</th>
                <th scope="col">{t('audit.what')}</th>
                <th scope="col">{t('audit.subject')}</th>
                <th scope="col">{t('audit.by')}</th>
                <th scope="col">{t('audit.outcome')}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(search.cursor || next) && (
        <nav className="sg-foot" aria-label={t('pager.pages')}>
          <span />
          <div>
            {search.cursor && (
              <Button variant="default" size="xs" onClick={() => set({ cursor: undefined })}>
                {t('pager.newest')}
              </Button>
            )}
            <Button
              variant="default"
              size="xs"
              disabled={!next}
              onClick={() =>
                void navigate({ search: (before: AuditSearch) => ({ ...before, cursor: next ?? undefined }) })
              }
            >
              {t('pager.older')}
            </Button>
          </div>
        </nav>
      )}
    </Page>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const details = entry.kind === 'change' ? Object.entries(entry.details ?? {}) : [];
  return (
    <tr>
      <td>
        <When at={entry.at} />
      </td>
      <td className="sg-main-cell">
        {entry.kind === 'change' ? entry.action : `${entry.capability}.${entry.operation}`}
        {details.length > 0 && (
          <small className="sg-break">
            {details
              .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
              .join(' · ')}
          </small>
        )}
      </td>
      <td className="sg-mono sg-break">
        {entry.kind === 'change' ? <Subject action={entry.action} subject={entry.subject} /> : entry.target}
      </td>
      <td>
        {entry.kind === 'change' ? (
          entry.actor
        ) : (
          <Link to="/executions/$id" params={{ id: entry.execution_id }} className="sg-mono">
            {entry.execution_id}
          </Link>
        )}
      </td>
      <td>{entry.kind === 'effect' ? <Outcome outcome={entry.outcome} /> : ''}</td>
    </tr>
  );
}

function Subject({ action, subject }: { action: string; subject: string }) {
  if (!action.startsWith('job.')) return <>{subject}</>;
  return (
    <Link to="/jobs/$id" params={{ id: subject }}>
      {subject}
    </Link>
  );
}
