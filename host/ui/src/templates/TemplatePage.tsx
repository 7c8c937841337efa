/** One template: what waits for a word first, then what it asks for, what it may have, what it can call at all. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import type { Template } from '../api/client';
import { templateListQuery } from '../api/queries';
import { Code, Details } from '../parts/Details';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { bytes } from '../parts/time';
import { When } from '../parts/When';
import { Needs } from './Needs';
import { RetireButton } from './Retire';
import { Rights } from './Rights';
import type { Right } from './rights';
import { StateTag } from './StateTag';
import './templates.css';
import { type Approved, ApprovedNote, Waiting } from './Waiting';

export function TemplatePage() {
  const { t } = useTranslation();
  const { type } = useParams({ from: '/shell/templates/$type' });
  const templates = useQuery(templateListQuery());
  const list = templates.data;
  const template = [...(list?.templates ?? []), ...(list?.retired ?? [])].find((one) => one.type === type);
  const above = <Link to="/templates">{t('places.templates')}</Link>;
  if (template) return <Shown key={type} template={template} above={above} />;
  return (
    <Page title={type} above={above}>
      {templates.isPending && <Skeleton />}
      {templates.isError && <Trouble error={templates.error} retry={() => void templates.refetch()} />}
      {list && (
        <Empty title={t('templates.unknown', { type })} action={<Link to="/templates">{t('templates.all')}</Link>} />
      )}
    </Page>
  );
}

function Shown({ template, above }: { template: Template; above: ReactNode }) {
  const { t } = useTranslation();
  const may = useMay();
  const [approved, setApproved] = useState<Approved | null>(null);
  const isRetired = template.state === 'retired';
  const rights = ((template.grant as { rights?: Right[] } | null)?.rights ?? []) as Right[];
  const mayGrant = may('grant') && !isRetired;
  return (
    <Page
      title={template.name}
      icon={template.icon}
      lead={template.description}
      above={above}
      actions={
        <>
          {!template.built_in && !isRetired && may('retire_template') && <RetireButton template={template} />}
          {may('create_job') && template.state === 'ready' && (
            <Button
              component={Link}
              to="/jobs/new"
              search={{ template: template.type, step: 'parameters' } as never}
              variant={template.waiting ? 'default' : 'filled'}
            >
              {t('templates.use')}
            </Button>
          )}
          {mayGrant && template.state === 'not_granted' && (
            <Button component={Link} to={`/templates/${template.type}/grant`}>
              {t('grant.review')}
            </Button>
          )}
        </>
      }
    >
      {approved && <ApprovedNote approved={approved} close={() => setApproved(null)} />}
      {template.waiting && <Waiting template={template} waiting={template.waiting} done={setApproved} />}
      {template.state !== 'ready' && (
        <div className="sg-note sg-spaced" data-tone={template.state === 'not_granted' ? 'timeout' : 'failed'}>
          <p>
            <strong>{t(`templates.not_ready.${template.state}`)}</strong>
          </p>
          {template.state !== 'not_granted' && <p className="sg-break">{template.state_reason}</p>}
        </div>
      )}
      {template.warnings.map((warning) => (
        <div key={warning} className="sg-note sg-spaced" data-tone="timeout">
          <p className="sg-break">{warning}</p>
        </div>
      ))}
      <div className="sg-two">
        <div className="sg-stack">
          <section className="sg-panel">
            <h2 className="sg-panel-title">{t('templates.needs')}</h2>
            <Needs template={template} />
          </section>
          <section className="sg-panel">
            <div className="sg-section-head">
              <h2 className="sg-panel-title">{t('templates.grant')}</h2>
              <Link to="/templates/$type/grant" params={{ type: template.type }}>
                {mayGrant ? t('grant.change') : t('grant.look')}
              </Link>
            </div>
            <Rights rights={rights} />
          </section>
        </div>
        <Facts template={template} />
      </div>
      <section className="sg-section">
        <h2>{t('templates.imports', { count: template.imports.length })}</h2>
        <p className="sg-soft">
          {template.imports_wasi ? t('templates.imports_wasi') : t('templates.imports_exact')}{' '}
          <Link to="/capabilities" search={{ template: template.type }}>
            {t('templates.to_capabilities')}
          </Link>
        </p>
        {template.imports.length > 0 && <Code text={template.imports.join('\n')} />}
      </section>
      <section className="sg-section">
        <h2>{t('templates.schema')}</h2>
        <Code text={JSON.stringify(template.parameter_schema, null, 2)} />
      </section>
    </Page>
  );
}

function Facts({ template }: { template: Template }) {
  const { t } = useTranslation();
  return (
    <section className="sg-panel">
      <Details
        rows={[
          [t('templates.state'), <StateTag key="state" template={template} />],
          [t('templates.type'), <code key="type">{template.type}</code>],
          [t('templates.version'), template.version],
          [t('templates.category'), template.category],
          [t('templates.tags'), template.tags.join(', ')],
          [
            t('templates.source'),
            t(`templates.sources.${template.source}`) + (template.file ? ` · ${template.file}` : ''),
          ],
          [t('templates.contract'), template.contract],
          [
            t('templates.made_with'),
            template.imports_wasi == null
              ? null
              : template.imports_wasi
                ? t('templates.with_wasi')
                : t('templates.without_wasi'),
          ],
          [t('templates.size'), bytes(template.size_bytes)],
          [t('templates.admitted'), <When key="admitted" at={template.admitted_at} both />],
          [t('templates.since'), template.since && <When key="since" at={template.since} both />],
          [t('templates.by'), template.by],
          [t('templates.on_lost'), t(`policy.on_losts.${template.on_lost}`)],
          [
            t('executions.digest'),
            <code key="digest" className="sg-json">
              {template.digest}
            </code>,
          ],
        ]}
      />
      <p className="sg-foot">
        <Link to="/audit" search={{ kind: 'change', subject: template.type }}>
          {t('templates.history')}
        </Link>
        <Link to="/jobs" search={{ template_type: template.type }}>
          {t('templates.jobs')}
        </Link>
      </p>
    </section>
  );
}
