/** Signs in with an administrator's token. Only this page and `api/session.ts` know that it is one. */
import { Button, PasswordInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { session, tryToken } from '../api/session';
import { Mark } from '../parts/Mark';

export function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string | null>(session.wasEnded() ? t('signin.ended') : null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const given = token.trim();
    if (!given) {
      setProblem(t('signin.missing'));
      return;
    }
    setBusy(true);
    try {
      if (!(await tryToken(given))) {
        setProblem(t('signin.refused'));
        return;
      }
      session.begin(given);
      // Only an address of this site.
      await navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/' });
    } catch {
      setProblem(t('states.unreachable'));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="sg-signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark size={36} /> {t('signin.title')}
        </h1>
        <p>
          <Trans i18nKey="signin.lead" components={{ code: <code /> }} />
        </p>
        <PasswordInput
          label={t('signin.token')}
          name="token"
          autoComplete="current-password"
          autoFocus
          value={token}
          error={problem}
          onChange={(event) => {
            setToken(event.currentTarget.value);
            setProblem(null);
          }}
        />
        <Button type="submit" loading={busy}>
          {t('signin.submit')}
        </Button>
      </form>
    </main>
  );
}
