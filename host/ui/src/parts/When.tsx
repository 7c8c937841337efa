/** A relative time whose absolute one, with its zone, shows on hover and focus. */
import { Tooltip } from '@mantine/core';
import { useNow } from './now';
import { useZoneMode } from './settings';
import { absolute, relative, viewerZone, zoneFor } from './time';

export function When({ at, zone, both = false }: { at: string; zone?: string; both?: boolean }) {
  const far = Math.abs(new Date(at).getTime() - Date.now()) > 120_000;
  const now = useNow(far ? 15_000 : 1000);
  const [mode] = useZoneMode();
  const shown = zoneFor(mode, zone);
  const full = absolute(at, shown);
  const own = absolute(at, viewerZone());
  return (
    <Tooltip
      label={full === own ? full : `${full} · ${own}`}
      withArrow
      openDelay={200}
      events={{ hover: true, focus: true, touch: true }}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the absolute time shows on focus too */}
      <time dateTime={at} className="sg-when" tabIndex={0}>
        {both ? (
          <>
            {full} <span className="sg-soft">({relative(at, now)})</span>
          </>
        ) : (
          relative(at, now)
        )}
      </time>
    </Tooltip>
  );
}
