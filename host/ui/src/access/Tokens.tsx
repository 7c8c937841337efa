/** Tokens of programs, with what each may, when it was used last and when it ends. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { tellProblem } from '../jobs/actions';
import { Confirm } from '../parts/Confirm';
import { Name } from '../parts/Details';
import { Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import { accessChanged, tokensQuery } from './queries';

interface Props {
  /** Whose; `*` for everybody's; nobody named: one's own. */
  user?: string;
  mayRevoke: boolean;
  empty: ReactNode;
}

export function Tokens({ user, mayRevoke, empty }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery(user));
  const [doomed, setDoomed] = useState<{ id: string; name: string } | null>(null);
  const revoke = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/auth/tokens/{id}', { params: { path: { id } } })),
    onSettled: () => {
      setDoomed(null);
      accessChanged(client);
    },
    onError: (error) => tellProblem(t('access_pages.cannot_revoke'), error),
  });
  if (tokens.isPending) return <Skeleton rows={3} />;
  if (tokens.isError) return <Trouble error={tokens.error} retry={() => void tokens.refetch()} />;
  if (tokens.data.length === 0) return empty;
  return (
    <>
      <div className="sg-table-box">
        <table className="sg-table">
          <thead>
            <tr>
              <th scope="col">{t('access_pages.token_name')}</th>
              <th scope="col">{t('access_pages.role')}</th>
              <th scope="col">{t('access_pages.used')}</th>
              <th scope="col">{t('access_pages.expires')}</th>
              <th scope="col">{t('access_pages.made')}</th>
              <th scope="col">
                <span className="sg-hidden">{t('jobs.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.data.map((token) => {
              const name = user === undefined ? token.name : `${token.owner ?? 'admin'}/${token.name}`;
              return (
                <tr key={token.id}>
                  <td className="sg-main-cell">
                    <Name text={name} />
                  </td>
                  <td>{t(`role.${token.role}`)}</td>
                  <td>
                    <span className="sg-cell-name">{t('access_pages.used')} </span>
                    {token.used_at ? <When at={token.used_at} /> : t('access_pages.never')}
                  </td>
                  <td>
                    <span className="sg-cell-name">{t('access_pages.expires')} </span>
                    {token.expires_at ? <When at={token.expires_at} /> : t('access_pages.never')}
                  </td>
                  <td>
                    <span className="sg-cell-name">{t('access_pages.made')} </span>
                    <When at={token.created_at} />
                  </td>
                  <td className="sg-actions">
                    {mayRevoke && (
                      <Button
                        size="xs"
                        variant="default"
                        aria-label={t('access_pages.revoke_named', { name })}
                        onClick={() => setDoomed({ id: token.id, name })}
                      >
                        {t('access_pages.revoke')}
                      </Button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Confirm
        opened={doomed !== null}
        title={t('access_pages.revoke_title', { name: doomed?.name ?? '' })}
        act={t('access_pages.revoke')}
        busy={revoke.isPending}
        onAct={() => doomed && revoke.mutate(doomed.id)}
        onClose={() => setDoomed(null)}
      >
        {t('access_pages.revoke_hint')}
      </Confirm>
    </>
  );
}
