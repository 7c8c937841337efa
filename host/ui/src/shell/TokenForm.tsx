/** Signs in with a token, as programs do. */
import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { session, tryToken } from '../api/session';

export function TokenForm({ done }: { done: () => Promise<void> }) {
  const { t } = useTranslation();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
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
      session.beginWithToken(given);
      await done();
    } catch {
      setProblem(t('states.unreachable'));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <PasswordInput
        label={t('signin.token')}
        name="token"
        autoComplete="off"
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
  );
}
