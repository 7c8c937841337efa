/** What the interface can tell of the server, the secrets it keeps, and what this browser was told to do. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { secretsQuery, statusQuery } from '../api/queries';
import { Details } from '../parts/Details';
import { Page } from '../parts/Page';
import { Skeleton, Trouble } from '../parts/states';
import { number, viewerZone } from '../parts/time';
import { When } from '../parts/When';
import { SchemeSwitch, ZoneSwitch } from '../shell/switches';
import { SettingsTabs } from './SettingsTabs';

export function SettingsPage() {
  const { t } = useTranslation();
  const status = useQuery(statusQuery());
  const secrets = useQuery(secretsQuery());
  return (
    <Page title={t('places.settings')} lead={t('settings.lead')}>
      <SettingsTabs />
      <div className="sg-two">
        <div className="sg-stack">
          <section className="sg-panel">
            <h2 className="sg-panel-title">{t('settings.server')}</h2>
            {status.isPending && <Skeleton rows={2} />}
            {status.isError && <Trouble error={status.error} />}
            {status.data && (
              <Details
                rows={[
                  [t('settings.hosts'), status.data.hosts.map(({ name }) => name).join(', ')],
                  [t('settings.slots'), number(status.data.slots)],
                  [t('settings.executions'), number(status.data.total_executions)],
                  [t('settings.clock'), <When key="now" at={status.data.now} both />],
                ]}
              />
            )}
            <p className="sg-form-note">{t('settings.configuration')}</p>
            <code>sandglass config show</code>
          </section>
          <section className="sg-panel">
            <h2 className="sg-panel-title">{t('settings.secrets')}</h2>
            {secrets.isError && <Trouble error={secrets.error} />}
            {secrets.data?.length === 0 && <p className="sg-soft">{t('settings.no_secrets')}</p>}
            <ul className="sg-needs">
              {secrets.data?.map((secret) => (
                <li key={secret.label}>
                  <code>{secret.label}</code>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <section className="sg-panel sg-stack">
          <h2 className="sg-panel-title">{t('settings.browser')}</h2>
          <div>
            <div className="sg-form-note">{t('shell.scheme')}</div>
            <SchemeSwitch />
          </div>
          <div>
            <div className="sg-form-note">{t('settings.zone', { zone: viewerZone() })}</div>
            <ZoneSwitch />
          </div>
          <Link to="/reference">{t('places.reference')}</Link>
        </section>
      </div>
    </Page>
  );
}
