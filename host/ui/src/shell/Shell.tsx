/** The frame around every page of a signed-in person. */
import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs';
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../api/queries';
import { session } from '../api/session';
import { useLiveQueries } from '../live/queries';
import { useLiveState, useStream } from '../live/stream';
import { Mark } from '../parts/Mark';
import { useKeys } from './keys';
import { PLACES } from './places';
import { SchemeSwitch, ZoneSwitch } from './switches';

// Both are asked for by a key: they come after the page.
const Palette = lazy(() => import('./Palette').then(({ Palette }) => ({ default: Palette })));
const Keys = lazy(() => import('./KeysHelp').then(({ Keys }) => ({ default: Keys })));

export function Shell() {
  const { t } = useTranslation();
  const [help, setHelp] = useState(false);
  const paletteWanted = usePaletteWanted();
  useStream();
  useLiveQueries();
  useKeys(() => setHelp(true));
  useSignedOut();
  return (
    <div className="sg-shell">
      <a className="sg-skip" href="#main">
        {t('shell.skip')}
      </a>
      <header className="sg-rail">
        <Link to="/" className="sg-brand">
          <Mark /> Sandglass
        </Link>
        <nav aria-label={t('shell.places')}>
          {PLACES.map(({ to, name, icon: Icon, minor }) => (
            <Link
              key={to}
              to={to}
              className="sg-place"
              data-minor={minor || undefined}
              activeOptions={{ exact: to === '/', includeSearch: false }}
            >
              <Icon size={18} stroke={1.7} aria-hidden="true" />
              <span>{t(`places.${name}`)}</span>
            </Link>
          ))}
        </nav>
        <More />
        <div className="sg-rail-foot">
          <Live />
          <ZoneSwitch />
          <SchemeSwitch />
          <Who />
          <Button
            variant="subtle"
            size="xs"
            justify="flex-start"
            leftSection={<IconLogout size={16} />}
            onClick={() => void session.end()}
          >
            {t('shell.sign_out')}
          </Button>
        </div>
      </header>
      <main id="main" className="sg-main" tabIndex={-1}>
        <Down />
        <Outlet />
      </main>
      <Suspense>
        <Palette openAtOnce={paletteWanted} />
        <Keys opened={help} close={() => setHelp(false)} />
      </Suspense>
    </div>
  );
}

/** Whether the palette was asked for before it was there; from then on it hears its key itself. */
function usePaletteWanted(): () => boolean {
  const wanted = useRef(false);
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      wanted.current = true;
    };
    document.addEventListener('keydown', heard);
    return () => document.removeEventListener('keydown', heard);
  }, []);
  return useCallback(() => wanted.current, []);
}

/** What has no room in the bar of a phone. */
function More() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Menu position="top-end" width={240}>
      <Menu.Target>
        <button type="button" className="sg-more">
          <IconDots size={18} aria-hidden="true" />
          <span>{t('shell.more')}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {PLACES.filter(({ minor }) => minor).map(({ to, name, icon: Icon }) => (
          <Menu.Item key={to} leftSection={<Icon size={16} />} onClick={() => void navigate({ to })}>
            {t(`places.${name}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void session.end()}>
          {t('shell.sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Who is signed in, and as what. */
function Who() {
  const { t } = useTranslation();
  const me = useQuery(meQuery()).data;
  if (!me) return null;
  return (
    <span className="sg-who" title={me.name}>
      <strong>{me.name}</strong> {t(`role.${me.role}`)}
    </span>
  );
}

function Live() {
  const { t } = useTranslation();
  const state = useLiveState();
  return (
    <span className="sg-live" data-state={state}>
      <i aria-hidden="true" />
      {t(`live.${state}`)}
    </span>
  );
}

/** Says that the stream is down, once that has lasted. */
function Down() {
  const { t } = useTranslation();
  const down = useLiveState() === 'down';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!down) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), 3000);
    return () => clearTimeout(timer);
  }, [down]);
  return (
    <div role="status" className={shown ? 'sg-banner' : undefined}>
      {shown ? t('live.banner') : null}
    </div>
  );
}

/** Goes to the sign-in page when the session ends, and forgets what was read. */
function useSignedOut() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const href = useLocation({ select: (location) => location.href });
  useEffect(
    () =>
      session.subscribe(() => {
        if (session.isSignedIn()) return;
        client.clear();
        notifications.clean();
        void navigate({ to: '/sign-in', search: { to: session.wasEnded() ? href : undefined } });
      }),
    [navigate, client, href],
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="sg-page">
      <h1>{t('shell.not_found')}</h1>
      <Link to="/">{t('shell.go_home')}</Link>
    </main>
  );
}
