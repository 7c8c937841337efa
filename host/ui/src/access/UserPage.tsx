/** One account: its role and state, the ways in, where it is signed in, its tokens. */
import { Button, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Role, type User } from '../api/client';
import { meQuery } from '../api/queries';
import { Confirm } from '../parts/Confirm';
import { Details } from '../parts/Details';
import { faultsOf } from '../parts/faults';
import { Page } from '../parts/Page';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { When } from '../parts/When';
import { Allowed } from './Allowed';
import { useMay } from './may';
import { ROLES } from './NewUserPage';
import { invitationLink, Once } from './Once';
import { accessChanged, userQuery } from './queries';
import { Sessions } from './Sessions';
import { Tokens } from './Tokens';
import { UserState } from './UsersPage';

export function UserPage() {
  const { t } = useTranslation();
  return (
    <Allowed to="see_users" title={t('settings.tabs.users')}>
      <One />
    </Allowed>
  );
}

function One() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/shell/settings/users/$name' });
  const user = useQuery(userQuery(name));
  const above = <Link to="/settings/users">{t('settings.tabs.users')}</Link>;
  return (
    <Page title={name} above={above}>
      {user.isPending && <Skeleton />}
      {user.isError && <Trouble error={user.error} retry={() => void user.refetch()} />}
      {user.data === null && <Empty title={t('access_pages.unknown_user', { name })} />}
      {user.data && <Account key={user.data.changed_at} user={user.data} />}
    </Page>
  );
}

function Account({ user }: { user: User }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <>
      <section className="sg-panel">
        <Details
          rows={[
            [t('access_pages.role'), t(`role.${user.role}`)],
            [t('access_pages.state'), <UserState key="state" user={user} />],
            [
              t('access_pages.signed_in'),
              user.signed_in_at ? <When key="in" at={user.signed_in_at} both /> : t('access_pages.never'),
            ],
            [
              t('access_pages.link_until'),
              user.invitation_ends_at && <When key="link" at={user.invitation_ends_at} both />,
            ],
            [
              t('access_pages.made'),
              <span key="made">
                <When at={user.created_at} /> · {user.created_by}
              </span>,
            ],
            [
              t('access_pages.changed'),
              <span key="changed">
                <When at={user.changed_at} /> · {user.changed_by}
              </span>,
            ],
          ]}
        />
      </section>
      {may('change_user') && <Changes user={user} />}
      <section className="sg-section">
        <div className="sg-section-head">
          <h2>{t('access_pages.sessions')}</h2>
          {may('change_user') && <SignOutEverywhere name={user.name} />}
        </div>
        <div className="sg-panel">
          <Sessions user={user.name} mayEnd={may('change_user')} />
        </div>
      </section>
      <section className="sg-section">
        <h2>{t('settings.tabs.tokens')}</h2>
        <Tokens
          user={user.name}
          mayRevoke={may('change_user')}
          empty={<p className="sg-panel sg-soft">{t('access_pages.no_tokens')}</p>}
        />
      </section>
    </>
  );
}

function Changes({ user }: { user: User }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const me = useQuery(meQuery()).data;
  const [role, setRole] = useState<Role>(user.role);
  const [asking, setAsking] = useState(false);
  const path = { params: { path: { name: user.name } } };
  const change = useMutation({
    mutationFn: (body: { role?: Role; disabled?: boolean }) =>
      ask(api.PUT('/api/auth/users/{name}', { ...path, body })),
    onSettled: () => accessChanged(client),
  });
  const link = useMutation({
    mutationFn: () => ask(api.POST('/api/auth/users/{name}/invitation', path)),
    onSuccess: () => accessChanged(client),
  });
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE('/api/auth/users/{name}', path)),
    onSuccess: () => {
      accessChanged(client);
      void navigate({ to: '/settings/users' });
    },
    onSettled: () => setAsking(false),
  });
  const unreachable = t('states.unreachable');
  const faults = faultsOf(change.error, ['/role'], unreachable);
  const rest = faults.rest ?? faultsOf(link.error ?? remove.error, [], unreachable).rest;
  const isSelf = me?.user === user.name;
  return (
    <section className="sg-panel sg-section sg-changes">
      <form
        className="sg-inline"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ role });
        }}
      >
        <Select
          label={t('access_pages.role')}
          description={isSelf ? t('access_pages.own_role_hint') : t(`access_pages.role_hint.${role}`)}
          allowDeselect={false}
          value={role}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          error={faults.at('/role')}
          onChange={(value) => setRole(value as Role)}
        />
        <Button type="submit" variant="default" disabled={role === user.role} loading={change.isPending}>
          {t('access_pages.change_role')}
        </Button>
      </form>
      <div className="sg-form-buttons">
        <Button variant="default" disabled={user.disabled} loading={link.isPending} onClick={() => link.mutate()}>
          {user.has_password ? t('access_pages.reset_password') : t('access_pages.make_link')}
        </Button>
        <Button
          variant="default"
          loading={change.isPending}
          onClick={() => change.mutate({ disabled: !user.disabled })}
        >
          {user.disabled ? t('access_pages.open') : t('access_pages.shut')}
        </Button>
        <Button variant="default" color="var(--sg-failed)" onClick={() => setAsking(true)}>
          {t('access_pages.delete_user')}
        </Button>
      </div>
      {rest && (
        <p role="alert" className="sg-fault">
          {rest}
        </p>
      )}
      {link.data?.invitation && (
        <Once text={invitationLink(link.data.invitation, user.name)} done={() => link.reset()}>
          {user.has_password
            ? t('access_pages.reset_once', { name: user.name })
            : t('access_pages.link_once', { name: user.name })}
        </Once>
      )}
      <Confirm
        opened={asking}
        title={t('access_pages.delete_title', { name: user.name })}
        act={t('access_pages.delete_user')}
        busy={remove.isPending}
        onAct={() => remove.mutate()}
        onClose={() => setAsking(false)}
      >
        {t('access_pages.delete_hint')}
      </Confirm>
    </section>
  );
}

function SignOutEverywhere({ name }: { name: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => ask(api.DELETE('/api/auth/users/{name}/sessions', { params: { path: { name } } })),
    onSettled: () => accessChanged(client),
  });
  return (
    <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate()}>
      {t('access_pages.sign_out_everywhere')}
    </Button>
  );
}
