/** Tokens of programs: one's own, and everybody's for those who oversee. */
import { Button, SegmentedControl } from '@mantine/core';
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty } from '../parts/states';
import { SettingsTabs } from '../settings/SettingsTabs';
import { useMay } from './may';
import { Tokens } from './Tokens';

export function TokensPage() {
  const { t } = useTranslation();
  const may = useMay();
  const me = useQuery(meQuery()).data;
  const { of } = useSearch({ from: '/shell/settings/tokens' });
  const navigate = useNavigate({ from: '/settings/tokens' });
  // A token makes no other tokens; the server says so too.
  const mayMake = me !== undefined && me.way !== 'token';
  const make = mayMake && (
    <Button component={Link} to="/settings/tokens/new" leftSection={<IconPlus size={16} />}>
      {t('access_pages.new_token')}
    </Button>
  );
  const all = of === 'everybody' && may('see_users');
  return (
    <Page
      title={t('places.settings')}
      name={t('settings.tabs.tokens')}
      lead={t('access_pages.tokens_lead')}
      actions={make}
    >
      <SettingsTabs />
      {me?.way === 'token' && <p className="sg-note sg-spaced">{t('access_pages.no_token_by_token')}</p>}
      {may('see_users') && (
        <div className="sg-filters">
          <SegmentedControl
            aria-label={t('access_pages.whose')}
            value={all ? 'everybody' : 'own'}
            onChange={(whose) =>
              void navigate({ search: { of: whose === 'everybody' ? whose : undefined }, replace: true })
            }
            data={[
              { value: 'own', label: t('access_pages.own') },
              { value: 'everybody', label: t('access_pages.everybody') },
            ]}
          />
        </div>
      )}
      <Tokens
        key={String(all)}
        user={all ? '*' : undefined}
        mayRevoke={!all || may('change_user')}
        empty={
          <Empty title={t('access_pages.no_tokens')} action={make}>
            {t('access_pages.no_tokens_hint')}
          </Empty>
        }
      />
    </Page>
  );
}
