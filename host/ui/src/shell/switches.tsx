import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import IconAuto from '@tabler/icons-react/dist/esm/icons/IconDeviceDesktop.mjs';
import IconDark from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs';
import IconLight from '@tabler/icons-react/dist/esm/icons/IconSun.mjs';
import { useTranslation } from 'react-i18next';
import { useZoneMode } from '../parts/settings';
import type { ZoneMode } from '../parts/time';

export function SchemeSwitch() {
  const { t } = useTranslation();
  // Mantine would switch transitions off by a style without a nonce, which the policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const schemes = [
    ['light', IconLight],
    ['auto', IconAuto],
    ['dark', IconDark],
  ] as const;
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label={t('shell.scheme')}
      value={colorScheme}
      onChange={(scheme) => setColorScheme(scheme as 'light' | 'auto' | 'dark')}
      data={schemes.map(([value, Icon]) => ({
        value,
        label: (
          <span className="sg-switch-label" title={t(`scheme.${value}`)}>
            <Icon size={15} role="img" aria-label={t(`scheme.${value}`)} />
          </span>
        ),
      }))}
    />
  );
}

export function ZoneSwitch() {
  const { t } = useTranslation();
  const [mode, setMode] = useZoneMode();
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label={t('shell.zone')}
      value={mode}
      onChange={(zone) => setMode(zone as ZoneMode)}
      data={(['job', 'local', 'utc'] as const).map((value) => ({ value, label: t(`zone.${value}`) }))}
    />
  );
}
