/** A timeline with what moves it: day, week or month, back and forth, as lanes or as a list. */
import { ActionIcon, Button, SegmentedControl } from '@mantine/core';
import IconLeft from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs';
import IconRight from '@tabler/icons-react/dist/esm/icons/IconChevronRight.mjs';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Timeline } from '../api/client';
import { useZoneMode } from '../parts/settings';
import { Skeleton, Trouble } from '../parts/states';
import { wallClock, zoneFor } from '../parts/time';
import { EntryList } from './EntryList';
import { Lanes } from './Lanes';
import { timelineQuery } from './queries';
import './timeline.css';
import { days, isDay, SPANS, type Span, step, today, windowOf } from './window';

export interface Place {
  span?: string;
  day?: string;
  as?: string;
}

interface Props {
  place: Place;
  go: (place: Place) => void;
  filter: { job_id?: string; template_type?: string; search?: string; page?: number };
  /** In the place of the lanes when no job is there. */
  empty?: ReactNode;
  /** Below: what turns the pages of lanes. */
  children?: (timeline: Timeline) => ReactNode;
}

export function Calendar({ place, go, filter, empty, children }: Props) {
  const { t } = useTranslation();
  const [mode] = useZoneMode();
  const zone = zoneFor(mode, undefined);
  const span: Span = SPANS.includes(place.span as Span) ? (place.span as Span) : 'day';
  const now = today(zone);
  const day = isDay(place.day) ? place.day : now;
  const window = windowOf(span, day, zone);
  const timeline = useQuery(timelineQuery({ ...window, timezone: zone, ...filter }));
  const asList = place.as === 'list';
  const ofJob = filter.job_id !== undefined;
  const [first] = days(span, day);
  const isNow = days(span, now)[0] === first;
  const move = (next: Place) => go({ span: place.span, day: place.day, as: place.as, ...next });
  return (
    <>
      <div className="sg-calendar-head">
        <SegmentedControl
          aria-label={t('timeline.span')}
          value={span}
          onChange={(next) => move({ span: next === 'day' ? undefined : next })}
          data={SPANS.map((value) => ({ value, label: t(`timeline.spans.${value}`) }))}
        />
        <div className="sg-calendar-steps">
          <ActionIcon
            variant="default"
            size={36}
            aria-label={t('timeline.earlier')}
            onClick={() => move({ day: step(span, day, -1) })}
          >
            <IconLeft size={16} />
          </ActionIcon>
          <Button variant="default" disabled={isNow} onClick={() => move({ day: undefined })}>
            {t('timeline.today')}
          </Button>
          <ActionIcon
            variant="default"
            size={36}
            aria-label={t('timeline.later')}
            onClick={() => move({ day: step(span, day, 1) })}
          >
            <IconRight size={16} />
          </ActionIcon>
        </div>
        <h2 aria-live="polite">
          {title(span, first)} <small>{zone}</small>
        </h2>
        <SegmentedControl
          aria-label={t('timeline.as')}
          value={asList ? 'list' : 'lanes'}
          onChange={(as) => move({ as: as === 'list' ? as : undefined })}
          data={(['lanes', 'list'] as const).map((value) => ({ value, label: t(`timeline.ways.${value}`) }))}
        />
      </div>
      {timeline.isPending && <Skeleton />}
      {timeline.isError && <Trouble error={timeline.error} retry={() => void timeline.refetch()} />}
      {timeline.data && timeline.data.total === 0 && empty}
      {timeline.data && timeline.data.total > 0 && (
        <>
          {timeline.data.clock_changes.map(({ at, shift_seconds: shift }) => (
            <p key={at} className="sg-note sg-clock-note">
              {t(shift > 0 ? 'timeline.forward' : 'timeline.back', {
                at: wallClock(at, zone, false),
                zone,
                minutes: Math.abs(shift / 60),
              })}
            </p>
          ))}
          {asList ? (
            <EntryList timeline={timeline.data} ofJob={ofJob} />
          ) : (
            <>
              <Lanes timeline={timeline.data} span={span} ofJob={ofJob} />
              <Legend />
            </>
          )}
          {children?.(timeline.data)}
        </>
      )}
    </>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <p className="sg-legend">
      <span>
        <i className="sg-legend-ran" aria-hidden="true" /> {t('timeline.legend_ran')}
      </span>
      <span>
        <i className="sg-legend-planned" aria-hidden="true" /> {t('timeline.legend_planned')}
      </span>
      <span>{t('timeline.legend_sums')}</span>
    </p>
  );
}

function title(span: Span, first: string): string {
  const at = new Date(`${first}T00:00:00Z`);
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
  switch (span) {
    case 'day':
      return format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at);
    case 'week':
      return format({ day: 'numeric', month: 'short', year: 'numeric' }).formatRange(
        at,
        new Date(at.getTime() + 6 * 86_400_000),
      );
    case 'month':
      return format({ month: 'long', year: 'numeric' }).format(at);
  }
}
