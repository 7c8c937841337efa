/** A new account: by a link with which the person chooses a password, or with one that is told some other way. */
import { Button, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Role } from '../api/client';
import { faultsOf } from '../parts/faults';
import { Page } from '../parts/Page';
import { Allowed } from './Allowed';
import { invitationLink, Once } from './Once';
import { accessChanged } from './queries';

export const ROLES: Role[] = ['admin', 'operator', 'auditor'];

export function NewUserPage() {
  const { t } = useTranslation();
  return (
    <Allowed to="add_user" title={t('access_pages.new_user')}>
      <NewUser />
    </Allowed>
  );
}

function NewUser() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [byPassword, setByPassword] = useState(false);
  const [password, setPassword] = useState('');
  const create = useMutation({
    mutationFn: () => {
      const way = byPassword ? { password } : { invite: true };
      return ask(api.POST('/api/auth/users', { body: { name: name.trim(), role, ...way } }));
    },
    onSuccess: (user) => {
      accessChanged(client);
      if (!user.invitation) void navigate({ to: '/settings/users/$name', params: { name: user.name } });
    },
  });
  const faults = faultsOf(create.error, ['/name', '/role', '/password'], t('states.unreachable'));
  const link = create.data?.invitation && invitationLink(create.data.invitation, create.data.name);
  return (
    <Page
      title={link ? t('access_pages.user_made', { name: create.data?.name }) : t('access_pages.new_user')}
      above={<Link to="/settings/users">{t('settings.tabs.users')}</Link>}
    >
      {link ? (
        <Once text={link} done={() => void navigate({ to: '/settings/users' })}>
          {t('access_pages.link_once', { name: create.data?.name })}
        </Once>
      ) : (
        <form
          className="sg-panel sg-narrow"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <TextInput
            label={t('access_pages.name')}
            description={t('access_pages.name_hint')}
            required
            autoFocus
            autoComplete="off"
            autoCapitalize="none"
            maxLength={64}
            value={name}
            error={faults.at('/name')}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label={t('access_pages.role')}
            description={t(`access_pages.role_hint.${role}`)}
            allowDeselect={false}
            value={role}
            data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
            error={faults.at('/role')}
            onChange={(value) => setRole(value as Role)}
          />
          <Switch
            label={t('access_pages.by_password')}
            description={t('access_pages.by_password_hint')}
            checked={byPassword}
            onChange={(event) => setByPassword(event.currentTarget.checked)}
          />
          {byPassword && (
            <PasswordInput
              label={t('signin.password')}
              description={t('signin.password_rule')}
              autoComplete="new-password"
              required
              value={password}
              error={faults.at('/password')}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          )}
          {faults.rest && (
            <p role="alert" className="sg-fault">
              {faults.rest}
            </p>
          )}
          <div className="sg-form-buttons">
            <Button type="submit" loading={create.isPending}>
              {byPassword ? t('access_pages.make_user') : t('access_pages.make_link')}
            </Button>
            <Button variant="subtle" component={Link} to="/settings/users">
              {t('parts.cancel')}
            </Button>
          </div>
        </form>
      )}
    </Page>
  );
}
