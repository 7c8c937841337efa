/** Everybody with an account. */
import { Button } from '@mantine/core';
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { User } from '../api/client';
import { Name } from '../parts/Details';
import { Page } from '../parts/Page';
import { Pager } from '../parts/Pager';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { number } from '../parts/time';
import { When } from '../parts/When';
import { SettingsTabs } from '../settings/SettingsTabs';
import { Allowed } from './Allowed';
import { useMay } from './may';
import { usersQuery } from './queries';

/** How an account stands. */
export function stateOf(user: User): 'disabled' | 'invited' | 'locked' | 'active' {
  if (user.disabled) return 'disabled';
  if (user.has_password) return 'active';
  return user.invitation_ends_at && Date.parse(user.invitation_ends_at) > Date.now() ? 'invited' : 'locked';
}

const TONE = { active: 'success', disabled: 'cancelled', invited: 'running', locked: 'timeout' } as const;

export function UserState({ user }: { user: User }) {
  const { t } = useTranslation();
  const state = stateOf(user);
  return <span className={`sg-tone-${TONE[state]}`}>{t(`user_state.${state}`)}</span>;
}

export function UsersPage() {
  const { t } = useTranslation();
  return (
    <Allowed to="see_users" title={t('settings.tabs.users')}>
      <Users />
    </Allowed>
  );
}

function Users() {
  const { t } = useTranslation();
  const may = useMay();
  const { page = 1 } = useSearch({ from: '/shell/settings/users' });
  const navigate = useNavigate({ from: '/settings/users' });
  const users = useQuery(usersQuery(page));
  const total = users.data?.total ?? 0;
  const invite = may('add_user') && (
    <Button component={Link} to="/settings/users/new" leftSection={<IconPlus size={16} />}>
      {t('access_pages.new_user')}
    </Button>
  );
  return (
    <Page
      title={t('places.settings')}
      name={t('settings.tabs.users')}
      lead={
        users.data
          ? t('access_pages.users_count', { count: total, number: number(total) })
          : t('access_pages.users_lead')
      }
      actions={invite}
    >
      <SettingsTabs />
      {users.isPending && <Skeleton />}
      {users.isError && <Trouble error={users.error} retry={() => void users.refetch()} />}
      {users.data && total === 0 && (
        <Empty title={t('access_pages.no_users')} action={invite}>
          {t('access_pages.no_users_hint')}
        </Empty>
      )}
      {users.data && total > 0 && (
        <>
          <div className="sg-table-box">
            <table className="sg-table">
              <thead>
                <tr>
                  <th scope="col">{t('access_pages.name')}</th>
                  <th scope="col">{t('access_pages.role')}</th>
                  <th scope="col">{t('access_pages.state')}</th>
                  <th scope="col">{t('access_pages.signed_in')}</th>
                  <th scope="col">{t('access_pages.made')}</th>
                </tr>
              </thead>
              <tbody>
                {users.data.users.map((user) => (
                  <tr key={user.name}>
                    <td className="sg-main-cell">
                      <Link to="/settings/users/$name" params={{ name: user.name }}>
                        <Name text={user.name} />
                      </Link>
                    </td>
                    <td>{t(`role.${user.role}`)}</td>
                    <td>
                      <UserState user={user} />
                    </td>
                    <td>
                      <span className="sg-cell-name">{t('access_pages.signed_in')} </span>
                      {user.signed_in_at ? <When at={user.signed_in_at} /> : t('access_pages.never')}
                    </td>
                    <td>
                      <span className="sg-cell-name">{t('access_pages.made')} </span>
                      <When at={user.created_at} /> <span className="sg-soft">· {user.created_by}</span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager
            page={page}
            size={50}
            total={total}
            go={(next) => void navigate({ search: { page: next > 1 ? next : undefined } })}
          />
        </>
      )}
    </Page>
  );
}
