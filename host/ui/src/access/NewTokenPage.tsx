/** Makes a token and shows it once. */
import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Role } from '../api/client';
import { meQuery } from '../api/queries';
import { faultsOf } from '../parts/faults';
import { Page } from '../parts/Page';
import { Once } from './Once';
import { accessChanged } from './queries';

/** What a token of somebody may be for: never more than its owner. */
const OF: Record<Role, Role[]> = {
  admin: ['admin', 'operator', 'auditor'],
  operator: ['operator', 'auditor'],
  auditor: ['auditor'],
};

export function NewTokenPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const me = useQuery(meQuery()).data;
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role | null>(null);
  const [days, setDays] = useState<number | string>(90);
  const [forever, setForever] = useState(false);
  const roles = me ? OF[me.role] : [];
  const create = useMutation({
    mutationFn: () => {
      const end = forever ? { never_expires: true } : days === '' ? {} : { expires_in_days: Number(days) };
      return ask(api.POST('/api/auth/tokens', { body: { name: name.trim(), role: role ?? me?.role, ...end } }));
    },
    onSuccess: () => accessChanged(client),
  });
  const faults = faultsOf(
    create.error,
    ['/name', '/role', '/expires_in_days', '/never_expires'],
    t('states.unreachable'),
  );
  const made = create.data;
  return (
    <Page
      title={made ? t('access_pages.token_made', { name: made.name }) : t('access_pages.new_token')}
      above={<Link to="/settings/tokens">{t('settings.tabs.tokens')}</Link>}
    >
      {made ? (
        <Once text={made.secret} done={() => void navigate({ to: '/settings/tokens' })}>
          {t('access_pages.token_once')}
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
            label={t('access_pages.token_name')}
            description={t('access_pages.token_name_hint', { owner: me?.user ?? 'admin' })}
            required
            autoFocus
            maxLength={64}
            value={name}
            error={faults.at('/name')}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label={t('access_pages.role')}
            description={t(`access_pages.role_hint.${role ?? me?.role ?? 'auditor'}`)}
            allowDeselect={false}
            value={role ?? me?.role ?? null}
            data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
            error={faults.at('/role')}
            onChange={(value) => setRole(value as Role)}
          />
          <NumberInput
            label={t('access_pages.days')}
            description={t('access_pages.days_hint')}
            min={1}
            max={3650}
            clampBehavior="none"
            allowDecimal={false}
            disabled={forever}
            value={days}
            error={faults.at('/expires_in_days')}
            onChange={setDays}
          />
          <Switch
            label={t('access_pages.forever')}
            description={t('access_pages.forever_hint')}
            checked={forever}
            error={faults.at('/never_expires')}
            onChange={(event) => setForever(event.currentTarget.checked)}
          />
          {faults.rest && (
            <p role="alert" className="sg-fault">
              {faults.rest}
            </p>
          )}
          <div className="sg-form-buttons">
            <Button type="submit" loading={create.isPending}>
              {t('access_pages.make_token')}
            </Button>
            <Button variant="subtle" component={Link} to="/settings/tokens">
              {t('parts.cancel')}
            </Button>
          </div>
        </form>
      )}
    </Page>
  );
}
