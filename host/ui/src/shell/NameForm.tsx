/** A name and a password: to sign in, or with the token of a set-up link to become the first administrator. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem';
import { signIn } from '../api/session';

interface Props {
  /** Of a set-up link. */
  setupToken?: string;
  done: () => Promise<void>;
}

/** What the server found, at its field; what belongs to none of them stands below. */
function found(problem: Problem, unreachable: string) {
  const at = (pointer: string) => problem.faults.find((fault) => fault.pointer === pointer)?.message;
  const fields = { name: at('/name'), password: at('/password') };
  if (fields.name || fields.password) return { ...fields, other: undefined };
  return { ...fields, other: problem.status === 0 ? unreachable : problem.message };
}

export function NameForm({ setupToken, done }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const isNew = setupToken !== undefined;
  const faults = problem && found(problem, t('states.unreachable'));

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(name.trim(), password, setupToken);
      await done();
    } catch (thrown) {
      setProblem(Problem.from(thrown));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <TextInput
        label={t('signin.name')}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        autoFocus
        required
        value={name}
        error={faults?.name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label={t('signin.password')}
        description={isNew ? t('signin.password_rule') : undefined}
        name="password"
        autoComplete={isNew ? 'new-password' : 'current-password'}
        required
        value={password}
        error={faults?.password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {faults?.other && (
        <p role="alert" className="sg-signin-problem">
          {faults.other}
        </p>
      )}
      <Button type="submit" loading={busy}>
        {isNew ? t('signin.create') : t('signin.submit')}
      </Button>
    </form>
  );
}
