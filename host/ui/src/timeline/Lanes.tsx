/**
 * Jobs as lanes on a line of time: what ran is filled, what is planned is hollow, what is too much is summed in bars.
 *
 * The marks are for the eye and the mouse. Whoever reads otherwise has the sentence of each lane, and the list, which
 * holds the same.
 */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Timeline } from '../api/client';
import { Name } from '../parts/Details';
import { useNow } from '../parts/now';
import { StatusMark } from '../parts/StatusMark';
import { duration, number, wallClock } from '../parts/time';
import { failed, sum, totals } from './entries';
import { position, type Span } from './window';

type Lane = Timeline['lanes'][number];

const percent = (share: number) => `${(share * 100).toFixed(3)}%`;

export function Lanes({ timeline, span, ofJob = false }: { timeline: Timeline; span: Span; ofJob?: boolean }) {
  const most = Math.max(
    1,
    ...timeline.lanes.flatMap((lane) => lane.sums.map((one) => one.planned + sum(one.runs as Record<string, number>))),
  );
  const ticks = ticksOf(timeline, span).filter(({ minor }) => !minor);
  return (
    <div className="sg-lanes" data-of-job={ofJob || undefined}>
      <Axis timeline={timeline} span={span} />
      <ul>
        {timeline.lanes.map((lane) => (
          <li key={lane.job_id} className="sg-lane" data-status={lane.status}>
            {!ofJob && (
              <Link to="/jobs/$id" params={{ id: lane.job_id }} className="sg-lane-name" title={lane.schedule_text}>
                <Name text={lane.job_name} />
              </Link>
            )}
            <Told lane={lane} />
            <div className="sg-track" aria-hidden="true">
              <Marks lane={lane} timeline={timeline} most={most} ticks={ticks} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The lane in words, for those who do not see it. */
function Told({ lane }: { lane: Lane }) {
  const { t } = useTranslation();
  const { runs, failed: bad, planned } = totals(lane);
  const planning = lane.is_at_least
    ? t('timeline.planned_at_least', { number: number(planned) })
    : t('timeline.planned', { count: planned, number: number(planned) });
  return (
    <span className="sg-hidden">
      {t('timeline.ran', { count: runs, number: number(runs) })}, {t('timeline.failed', { number: number(bad) })},{' '}
      {planning}
    </span>
  );
}

interface MarksProps {
  lane: Lane;
  timeline: Timeline;
  /** The highest of all bars. */
  most: number;
  ticks: Tick[];
}

function Marks({ lane, timeline, most, ticks }: MarksProps) {
  const { t } = useTranslation();
  const { from, to } = timeline;
  const clock = (at: string) => `${wallClock(at, timeline.timezone)} ${timeline.timezone}`;
  return (
    <>
      <Grid timeline={timeline} ticks={ticks} />
      {lane.sums.map((one) => {
        const begin = timeline.slots[one.slot] ?? from;
        const end = timeline.slots[one.slot + 1] ?? to;
        const runs = one.runs as Record<string, number>;
        const [all, bad] = [sum(runs), failed(runs)];
        const height = (count: number) => percent(count === 0 ? 0 : Math.max(0.08, count / most));
        const words = [
          all > 0 && t('timeline.ran', { count: all, number: number(all) }),
          bad > 0 && t('timeline.failed', { number: number(bad) }),
          one.planned > 0 && t('timeline.planned', { count: one.planned, number: number(one.planned) }),
        ].filter(Boolean);
        return (
          <span
            key={one.slot}
            className="sg-bar"
            style={{
              left: percent(position(begin, from, to)),
              width: percent(position(end, from, to) - position(begin, from, to)),
            }}
            title={`${clock(begin)}: ${words.join(', ')}`}
          >
            <i className="sg-bar-planned" style={{ height: height(one.planned) }} />
            <i className="sg-bar-good" style={{ height: height(all - bad) }} />
            <i className="sg-bar-bad" style={{ height: height(bad) }} />
          </span>
        );
      })}
      {lane.planned.map((at) => (
        <span
          key={at}
          className="sg-planned"
          style={{ left: percent(position(at, from, to)) }}
          title={`${clock(at)}: ${t('timeline.is_planned')}`}
        />
      ))}
      {lane.runs.map((run) => (
        <Link
          key={run.id}
          to="/executions/$id"
          params={{ id: run.id }}
          preload={false}
          tabIndex={-1}
          className="sg-ran"
          style={{ left: percent(position(run.scheduled_for, from, to)) }}
          title={`${clock(run.scheduled_for)}: ${t(`status.${run.status}`)}${run.duration_seconds ? ` ${duration(run.duration_seconds)}` : ''}`}
        >
          <StatusMark status={run.status} small />
        </Link>
      ))}
    </>
  );
}

/** Hours or days, now, and where the clocks change. */
function Grid({ timeline, ticks }: { timeline: Timeline; ticks: Tick[] }) {
  const now = position(useNow(15_000), timeline.from, timeline.to);
  return (
    <>
      {ticks.map(({ slot }) => (
        <i key={slot} className="sg-tick" style={{ left: percent(position(slot, timeline.from, timeline.to)) }} />
      ))}
      {timeline.clock_changes.map(({ at }) => (
        <i key={at} className="sg-clock-change" style={{ left: percent(position(at, timeline.from, timeline.to)) }} />
      ))}
      {now >= 0 && now <= 1 && <i className="sg-now" style={{ left: percent(now) }} />}
    </>
  );
}

interface Tick {
  slot: string;
  /** Left out where there is little room. */
  lead?: string;
  text: string;
  minor: boolean;
}

/** What stands at the head: hours of a day, days of a week or month. */
function ticksOf(timeline: Timeline, span: Span): Tick[] {
  const zone = { timeZone: timeline.timezone };
  const clock = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const weekday = new Intl.DateTimeFormat('en-GB', { ...zone, weekday: 'short' });
  const day = new Intl.DateTimeFormat('en-GB', { ...zone, day: 'numeric' });
  return timeline.slots.flatMap((slot): Tick[] => {
    const at = new Date(slot);
    const [wall, date] = [clock.format(at), day.format(at)];
    if (span === 'month') return [{ slot, text: date, minor: Number(date) % 5 !== 0 }];
    if (span === 'week')
      return wall === '00:00' ? [{ slot, lead: `${weekday.format(at)} `, text: date, minor: false }] : [];
    const hour = Number(wall.slice(0, 2));
    return hour % 2 === 0 ? [{ slot, text: wall, minor: hour % 6 !== 0 }] : [];
  });
}

function Axis({ timeline, span }: { timeline: Timeline; span: Span }) {
  const { t } = useTranslation();
  const { from, to } = timeline;
  return (
    <div className="sg-axis" aria-hidden="true">
      <div className="sg-track">
        {ticksOf(timeline, span).map(({ slot, lead, text, minor }) => (
          <span key={slot} data-minor={minor || undefined} style={{ left: percent(position(slot, from, to)) }}>
            {lead && <em>{lead}</em>}
            {text}
          </span>
        ))}
        {timeline.clock_changes.map(({ at, shift_seconds: shift }) => (
          <b key={at} style={{ left: percent(position(at, from, to)) }}>
            {shift > 0 ? t('timeline.forward_short') : t('timeline.back_short')}
          </b>
        ))}
      </div>
    </div>
  );
}
