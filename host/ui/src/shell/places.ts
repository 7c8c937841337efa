/** Where one can go, with the key that goes there after `g`. */

import IconJobs from '@tabler/icons-react/dist/esm/icons/IconCalendarTime.mjs';
import IconAudit from '@tabler/icons-react/dist/esm/icons/IconClipboardList.mjs';
import IconReference from '@tabler/icons-react/dist/esm/icons/IconCode.mjs';
import IconExecutions from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs';
import IconOverview from '@tabler/icons-react/dist/esm/icons/IconLayoutDashboard.mjs';
import IconTemplates from '@tabler/icons-react/dist/esm/icons/IconPuzzle.mjs';
import IconSettings from '@tabler/icons-react/dist/esm/icons/IconSettings.mjs';
import IconCapabilities from '@tabler/icons-react/dist/esm/icons/IconShieldCheck.mjs';
import IconTimeline from '@tabler/icons-react/dist/esm/icons/IconTimeline.mjs';

export const PLACES = [
  { to: '/', name: 'overview', key: 'o', icon: IconOverview, minor: false },
  { to: '/jobs', name: 'jobs', key: 'j', icon: IconJobs, minor: false },
  { to: '/executions', name: 'executions', key: 'e', icon: IconExecutions, minor: false },
  { to: '/timeline', name: 'timeline', key: 'l', icon: IconTimeline, minor: false },
  { to: '/templates', name: 'templates', key: 't', icon: IconTemplates, minor: false },
  { to: '/capabilities', name: 'capabilities', key: 'c', icon: IconCapabilities, minor: true },
  { to: '/audit', name: 'audit', key: 'a', icon: IconAudit, minor: true },
  { to: '/settings', name: 'settings', key: 's', icon: IconSettings, minor: true },
  { to: '/reference', name: 'reference', key: 'r', icon: IconReference, minor: true },
] as const;
