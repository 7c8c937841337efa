/** Where the link of an invitation leads: the person chooses a password and is signed in. The link's token stands in the
 * address's `#` part, which no server and no log sees. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { acceptInvitation } from '../api/session';
import { faultsOf } from '../parts/faults';
import { Mark } from '../parts/Mark';

export function Invitation() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const link = new URLSearchParams(useLocation({ select: ({ hash }) => hash }));
  const [password, setPassword] = useState('');
  const [trouble, setTrouble] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const token = link.get('token');
  const faults = faultsOf(trouble, ['/password'], t('states.unreachable'));

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await acceptInvitation(token ?? '', password);
      await navigate({ to: '/' });
    } catch (thrown) {
      setTrouble(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="sg-signin">
      <div>
        <h1>
          <Mark size={36} /> {t('signin.invitation_title')}
        </h1>
        {token ? (
          <>
            <p>{t('signin.invitation_lead')}</p>
            <form onSubmit={(event) => void submit(event)}>
              {link.get('name') && (
                <TextInput
                  label={t('signin.name')}
                  name="username"
                  autoComplete="username"
                  readOnly
                  value={link.get('name') ?? ''}
                />
              )}
              <PasswordInput
                label={t('signin.password')}
                description={t('signin.password_rule')}
                name="password"
                autoComplete="new-password"
                autoFocus
                required
                value={password}
                error={faults.at('/password')}
                onChange={(event) => setPassword(event.currentTarget.value)}
              />
              {faults.rest && (
                <p role="alert" className="sg-signin-problem">
                  {faults.rest}
                </p>
              )}
              <Button type="submit" loading={busy}>
                {t('signin.choose')}
              </Button>
            </form>
          </>
        ) : (
          <>
            <p>{t('signin.invitation_no_token')}</p>
            <Link to="/sign-in">{t('signin.submit')}</Link>
          </>
        )}
      </div>
    </main>
  );
}
