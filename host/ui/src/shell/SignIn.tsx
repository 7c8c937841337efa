/** Lets a person in: by name where there are users, by token where there are none yet or whoever prefers it. */
import { Button } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { hasUsers, session } from '../api/session';
import { Mark } from '../parts/Mark';
import { NameForm } from './NameForm';
import { TokenForm } from './TokenForm';

type Way = 'name' | 'token';

export function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  const [way, setWay] = useState<Way | null>(null);

  useEffect(() => {
    let wanted = true;
    void hasUsers().then((has) => {
      if (wanted) setWay(has ? 'name' : 'token');
    });
    return () => {
      wanted = false;
    };
  }, []);

  // Only an address of this site.
  const done = () => navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/' });
  const other: Way = way === 'name' ? 'token' : 'name';

  return (
    <main className="sg-signin">
      <div>
        <h1>
          <Mark size={36} /> {t('signin.title')}
        </h1>
        {session.wasEnded() && <p role="status">{t('signin.ended')}</p>}
        {way === 'token' && (
          <p>
            <Trans i18nKey="signin.lead" components={{ code: <code /> }} />
          </p>
        )}
        {way === 'token' && <TokenForm done={done} />}
        {way === 'name' && <NameForm done={done} />}
        {way && (
          <Button variant="subtle" onClick={() => setWay(other)}>
            {other === 'token' ? t('signin.with_token') : t('signin.with_name')}
          </Button>
        )}
      </div>
    </main>
  );
}
