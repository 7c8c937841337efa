/** Browsers in which somebody is signed in. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { tellProblem } from '../jobs/actions';
import { Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import { browserOf } from './agent';
import { accessChanged, sessionsQuery } from './queries';

/** `user`: whose, where they are not one's own. `mayEnd`: whether each can be ended here. */
export function Sessions({ user, mayEnd }: { user?: string; mayEnd: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery(user));
  const end = useMutation({
    mutationFn: (id: string) => ask(api.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } })),
    onSettled: () => accessChanged(client),
    onError: (error) => tellProblem(t('access_pages.cannot_end'), error),
  });
  if (sessions.isPending) return <Skeleton rows={2} />;
  if (sessions.isError) return <Trouble error={sessions.error} retry={() => void sessions.refetch()} />;
  if (sessions.data.length === 0) return <p className="sg-soft">{t('access_pages.no_sessions')}</p>;
  return (
    <ul className="sg-rows">
      {sessions.data.map((session) => (
        <li key={session.id}>
          <div>
            <strong title={session.agent ?? undefined}>{browserOf(session.agent) ?? t('access_pages.browser')}</strong>{' '}
            {session.current && <span className="sg-tag">{t('access_pages.this_browser')}</span>}
            <small>
              {session.address ?? t('access_pages.no_address')} · {t('access_pages.seen')} <When at={session.seen_at} />{' '}
              · {t('access_pages.begun')} <When at={session.created_at} />
            </small>
          </div>
          {mayEnd && !session.current && (
            <Button
              size="xs"
              variant="default"
              loading={end.isPending && end.variables === session.id}
              onClick={() => end.mutate(session.id)}
            >
              {t('access_pages.end')}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
