import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { templatesQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { needsOf } from './Needs';

export function TemplatesPage() {
  const { t } = useTranslation();
  const templates = useQuery(templatesQuery());
  const list = templates.data ?? [];
  return (
    <Page
      title={t('places.templates')}
      lead={templates.data ? t('templates.count', { count: list.length }) : t('templates.lead')}
    >
      {templates.isPending && <Skeleton />}
      {templates.isError && <Trouble error={templates.error} retry={() => void templates.refetch()} />}
      {templates.data && list.length === 0 && <Empty title={t('templates.empty')}>{t('templates.empty_hint')}</Empty>}
      <div className="sg-cards">
        {list.map((template) => (
          <Link key={template.type} className="sg-card" to="/templates/$type" params={{ type: template.type }}>
            <span className="sg-card-icon" aria-hidden="true">
              {template.icon}
            </span>
            <strong>{template.name}</strong>
            <span>{template.description}</span>
            <span className="sg-soft">
              {template.category} · {template.version} · {t(`template_state.${template.state}`)} ·{' '}
              {[
                ...new Set(
                  needsOf(template).map(({ capability }) =>
                    t(`capability.${capability}`, { defaultValue: capability }),
                  ),
                ),
              ].join(', ')}
            </span>
          </Link>
        ))}
      </div>
    </Page>
  );
}
