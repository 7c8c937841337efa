/** The parts of the settings that the person here may see. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';

const PARTS = [
  { to: '/settings', name: 'server' },
  { to: '/settings/account', name: 'account' },
  { to: '/settings/tokens', name: 'tokens' },
  { to: '/settings/users', name: 'users' },
] as const;

export function SettingsTabs() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <nav className="sg-tabs" aria-label={t('settings.parts')}>
      {PARTS.filter(({ name }) => name !== 'users' || may('see_users')).map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === '/settings', includeSearch: false }}>
          {t(`settings.tabs.${name}`)}
        </Link>
      ))}
    </nav>
  );
}
