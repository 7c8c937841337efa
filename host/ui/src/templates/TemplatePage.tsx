/** One template: what it asks for and why, what it may have, what it imports. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { templatesQuery } from '../api/queries';
import { Code, Details } from '../parts/Details';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { bytes } from '../parts/time';
import { When } from '../parts/When';
import { Needs } from './Needs';

interface Right {
  capability: string;
  target: string;
  access: string[];
}

export function TemplatePage() {
  const { t } = useTranslation();
  const may = useMay();
  const { type } = useParams({ from: '/shell/templates/$type' });
  const templates = useQuery(templatesQuery());
  const template = templates.data?.find((one) => one.type === type);
  const above = <Link to="/templates">{t('places.templates')}</Link>;
  if (templates.isError)
    return (
      <Page title={type} above={above}>
        <Trouble error={templates.error} retry={() => void templates.refetch()} />
      </Page>
    );
  if (!templates.data)
    return (
      <Page title={type} above={above}>
        <Skeleton />
      </Page>
    );
  if (!template)
    return (
      <Page title={type} above={above}>
        <Empty title={t('templates.unknown', { type })} />
      </Page>
    );
  const rights = ((template.grant as { rights?: Right[] } | null)?.rights ?? []) as Right[];
  return (
    <Page
      title={template.name}
      icon={template.icon}
      lead={template.description}
      above={above}
      actions={
        may('create_job') && (
          <Button
            component={Link}
            to="/jobs/new"
            search={{ template: template.type, step: 'parameters' } as never}
            disabled={template.state !== 'ready'}
          >
            {t('templates.use')}
          </Button>
        )
      }
    >
      {template.state !== 'ready' && (
        <div className="sg-note" data-tone="failed">
          <p>{template.state_reason}</p>
        </div>
      )}
      {template.warnings.map((warning) => (
        <div key={warning} className="sg-note" data-tone="timeout">
          <p>{warning}</p>
        </div>
      ))}
      <section className="sg-panel">
        <Details
          rows={[
            [t('templates.type'), <code key="type">{template.type}</code>],
            [t('templates.state'), t(`template_state.${template.state}`)],
            [t('templates.version'), template.version],
            [t('templates.category'), template.category],
            [t('templates.size'), bytes(template.size_bytes)],
            [t('templates.admitted'), <When key="admitted" at={template.admitted_at} both />],
            [t('templates.built_in'), template.built_in ? t('templates.yes') : t('templates.no')],
            [
              t('executions.digest'),
              <code key="digest" className="sg-json">
                {template.digest}
              </code>,
            ],
          ]}
        />
      </section>
      <div className="sg-two sg-section">
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('templates.needs')}</h2>
          <Needs template={template} />
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('templates.grant')}</h2>
          {rights.length === 0 && <p className="sg-soft">{t('templates.no_grant')}</p>}
          <ul className="sg-needs">
            {rights.map((right) => (
              <li key={JSON.stringify(right)}>
                <strong>{t(`capability.${right.capability}`, { defaultValue: right.capability })}</strong>{' '}
                {right.access.map((access) => t(`access.${access}`, { defaultValue: access })).join(', ')}{' '}
                <code className="sg-json">{right.target}</code>
              </li>
            ))}
          </ul>
        </section>
      </div>
      <section className="sg-section">
        <h2>{t('templates.imports', { count: template.imports.length })}</h2>
        <Code text={template.imports.join('\n')} />
      </section>
      <section className="sg-section">
        <h2>{t('templates.schema')}</h2>
        <Code text={JSON.stringify(template.parameter_schema, null, 2)} />
      </section>
    </Page>
  );
}
