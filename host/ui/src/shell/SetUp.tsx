/** Where the set-up link leads: makes the first administrator. The link's token stays in the address's `#` part,
 * which no server and no log sees. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Mark } from '../parts/Mark';
import { NameForm } from './NameForm';

export function SetUp() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  // Read once: the page keeps it if the address changes.
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('token'));
  return (
    <main className="sg-signin">
      <div>
        <h1>
          <Mark size={36} /> {t('signin.setup_title')}
        </h1>
        {token ? (
          <>
            <p>{t('signin.setup_lead')}</p>
            <NameForm setupToken={token} done={() => navigate({ to: '/' })} />
          </>
        ) : (
          <>
            <p>{t('signin.setup_no_token')}</p>
            <Link to="/sign-in">{t('signin.submit')}</Link>
          </>
        )}
      </div>
    </main>
  );
}
