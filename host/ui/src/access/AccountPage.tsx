/** Oneself: what one may do, one's password, where one is signed in. */
import { Button, PasswordInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { meQuery } from '../api/queries';
import { Details } from '../parts/Details';
import { faultsOf } from '../parts/faults';
import { Page } from '../parts/Page';
import { Skeleton, Trouble } from '../parts/states';
import { SettingsTabs } from '../settings/SettingsTabs';
import { accessChanged } from './queries';
import { Sessions } from './Sessions';

export function AccountPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useQuery(meQuery());
  const endOthers = useMutation({
    mutationFn: () => {
      const call = api.DELETE('/api/auth/sessions');
      return ask(call);
    },
    onSettled: () => accessChanged(client),
  });
  return (
    <Page title={t('places.settings')} name={t('settings.tabs.account')} lead={t('access_pages.account_lead')}>
      <SettingsTabs />
      {me.isPending && <Skeleton rows={3} />}
      {me.isError && <Trouble error={me.error} retry={() => void me.refetch()} />}
      {me.data && (
        <section className="sg-panel">
          <Details
            rows={[
              [t('access_pages.name'), me.data.name],
              [t('access_pages.role'), t(`role.${me.data.role}`)],
              [t('access_pages.may'), t(`access_pages.role_hint.${me.data.role}`)],
              [t('access_pages.way'), t(`access_pages.ways.${me.data.way}`)],
            ]}
          />
          {me.data.over_plain_http && <p className="sg-note sg-section">{t('access_pages.plain_http')}</p>}
        </section>
      )}
      {me.data?.way === 'session' && (
        <div className="sg-two sg-section">
          <section>
            <div className="sg-section-head">
              <h2>{t('access_pages.sessions')}</h2>
              <Button size="xs" variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
                {t('access_pages.end_others')}
              </Button>
            </div>
            <div className="sg-panel">
              <Sessions mayEnd />
            </div>
          </section>
          <section>
            <div className="sg-section-head">
              <h2>{t('access_pages.password')}</h2>
            </div>
            <PasswordForm name={me.data.name} />
          </section>
        </div>
      )}
    </Page>
  );
}

function PasswordForm({ name }: { name: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () => ask(api.PUT('/api/auth/password', { body: { current_password: current, new_password: next } })),
    onSuccess: () => {
      setCurrent('');
      setNext('');
      accessChanged(client);
      notifications.show({ message: t('access_pages.password_changed') });
    },
  });
  const faults = faultsOf(change.error, ['/current_password', '/new_password'], t('states.unreachable'));
  return (
    <form
      className="sg-panel sg-fields"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      <PasswordInput
        label={t('access_pages.current_password')}
        autoComplete="current-password"
        required
        value={current}
        error={faults.at('/current_password')}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <PasswordInput
        label={t('access_pages.new_password')}
        description={t('signin.password_rule')}
        autoComplete="new-password"
        required
        value={next}
        error={faults.at('/new_password')}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
      {faults.rest && (
        <p role="alert" className="sg-fault">
          {faults.rest}
        </p>
      )}
      <p className="sg-form-note">{t('access_pages.password_note')}</p>
      <div className="sg-form-buttons">
        <Button type="submit" variant="default" loading={change.isPending}>
          {t('access_pages.change_password')}
        </Button>
      </div>
    </form>
  );
}
