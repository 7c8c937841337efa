/** What can be run, what waits for a word, and the way in for more. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import type { Template } from '../api/client';
import { templateListQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import { needsOf } from './Needs';
import { StateTag } from './StateTag';
import './templates.css';
import { UploadPanel, useUploads } from './UploadPanel';

export function TemplatesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const uploads = useUploads();
  const templates = useQuery(templateListQuery());
  const list = templates.data?.templates ?? [];
  const retired = templates.data?.retired ?? [];
  const problems = templates.data?.problems ?? [];
  const maySend = may('add_template');
  return (
    <div className="sg-drop-page" {...(maySend ? uploads.target : {})}>
      <Page
        title={t('places.templates')}
        lead={templates.data ? t('templates.count', { count: list.length }) : t('templates.lead')}
        actions={maySend && <Button onClick={uploads.choose}>{t('upload.title')}</Button>}
      >
        {maySend && <UploadPanel uploads={uploads} />}
        {templates.isPending && <Skeleton />}
        {templates.isError && <Trouble error={templates.error} retry={() => void templates.refetch()} />}
        {problems.length > 0 && (
          <section className="sg-note sg-spaced" data-tone="failed" aria-label={t('templates.problems')}>
            <p>
              <strong>{t('templates.problems', { count: problems.length })}</strong>
            </p>
            <ul className="sg-needs">
              {problems.map((problem) => (
                <li key={problem.file} className="sg-break">
                  <code>{problem.file}</code> {problem.reason}{' '}
                  <span className="sg-soft">
                    <When at={problem.since} />
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
        {templates.data && list.length === 0 && <Empty title={t('templates.empty')}>{t('templates.empty_hint')}</Empty>}
        <div className="sg-cards">
          {list.map((template) => (
            <Card key={template.type} template={template} />
          ))}
        </div>
        {retired.length > 0 && (
          <section className="sg-section">
            <h2>{t('templates.retired', { count: retired.length })}</h2>
            <div className="sg-cards">
              {retired.map((template) => (
                <Card key={template.type} template={template} />
              ))}
            </div>
          </section>
        )}
      </Page>
    </div>
  );
}

function Card({ template }: { template: Template }) {
  const { t } = useTranslation();
  const capabilities = [...new Set(needsOf(template).map(({ capability }) => capability))];
  return (
    <Link className="sg-card" to="/templates/$type" params={{ type: template.type }}>
      <span className="sg-card-icon" aria-hidden="true">
        {template.icon}
      </span>
      <strong className="sg-break">{template.name}</strong>
      <span className="sg-break">{template.description}</span>
      <span className="sg-card-foot">
        <StateTag template={template} />
        <span className="sg-soft sg-break">
          {template.category} · {template.version}
          {capabilities.length > 0 &&
            ` · ${capabilities.map((one) => t(`capability.${one}`, { defaultValue: one })).join(', ')}`}
        </span>
      </span>
    </Link>
  );
}
