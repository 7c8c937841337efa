/** What a template may have, at an address of its own: to read for everybody, to change for those who may. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { templateListQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import { grantQuery } from '../templates/queries';
import type { Right } from '../templates/rights';
import '../templates/templates.css';
import { Editor } from './Editor';
import type { Limits } from './limits';
import { ReadOnly } from './ReadOnly';

export function GrantPage() {
  const { t } = useTranslation();
  const may = useMay();
  const { type } = useParams({ from: '/shell/templates/$type/grant' });
  const search = useSearch({ from: '/shell/templates/$type/grant' });
  const templates = useQuery(templateListQuery());
  const grant = useQuery({ ...grantQuery(type, search.digest), enabled: templates.isSuccess });
  const list = templates.data;
  const template = [...(list?.templates ?? []), ...(list?.retired ?? [])].find((one) => one.type === type);
  const waiting = template?.waiting?.digest === search.digest ? template?.waiting : undefined;
  const version = waiting ?? template;
  const trouble = templates.error ?? (template ? grant.error : null);
  return (
    <Page
      title={t('grant.title', { name: template?.name ?? type })}
      icon={template?.icon}
      above={
        <Link to="/templates/$type" params={{ type }}>
          {template?.name ?? type}
        </Link>
      }
      lead={
        grant.data && version ? (
          <>
            {t('grant.version', { version: version.version })}
            {' · '}
            {grant.data.set_by && grant.data.set_at ? (
              <>
                {t('grant.set_by', { name: grant.data.set_by })} <When at={grant.data.set_at} />
              </>
            ) : grant.data.is_default ? (
              t('grant.default')
            ) : (
              t('grant.never')
            )}
          </>
        ) : undefined
      }
    >
      {trouble && <Trouble error={trouble} retry={() => void (template ? grant : templates).refetch()} />}
      {list && !template && (
        <Empty title={t('templates.unknown', { type })} action={<Link to="/templates">{t('templates.all')}</Link>} />
      )}
      {!trouble && (templates.isPending || (template && grant.isPending)) && <Skeleton />}
      {waiting && (
        <div className="sg-note sg-spaced" data-tone="timeout">
          <p>{t('grant.of_waiting', { version: waiting.version })}</p>
        </div>
      )}
      {grant.data &&
        version &&
        template &&
        (may('grant') && template.state !== 'retired' ? (
          <Editor
            key={grant.data.digest}
            template={template}
            version={version}
            grant={grant.data}
            offered={search.add}
          />
        ) : (
          <ReadOnly
            version={version}
            rights={grant.data.rights as unknown as Right[]}
            limits={grant.data.limits as Limits}
            isRetired={template.state === 'retired'}
          />
        ))}
    </Page>
  );
}
