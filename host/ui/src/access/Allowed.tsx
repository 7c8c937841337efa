/** In the place of a page that the person here has no use for: why, and who can help. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { type Action, useMay } from './may';

/** Shows the page to those who may do what it is for, and to the others why they may not. */
export function Allowed({ to, title, children }: { to: Action; title: string; children: ReactNode }) {
  const { t } = useTranslation();
  const may = useMay();
  const me = useQuery(meQuery());
  if (may(to)) return children;
  return (
    <Page title={title}>
      {me.isPending && <Skeleton />}
      {me.isError && <Trouble error={me.error} retry={() => void me.refetch()} />}
      {me.data && (
        <Empty title={t('allowed.not_allowed', { role: t(`role.${me.data.role}`).toLowerCase() })}>
          {t('allowed.ask_admin')}
        </Empty>
      )}
    </Page>
  );
}
