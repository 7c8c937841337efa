/** The schedule: interval, cron (builder and text are one), once; in a zone; with bounds. */

import { Autocomplete, Button, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../api/client';
import { viewerZone } from '../parts/time';
import { Alert } from './Alert';
import { fromWallClock, type Pattern, read, sixFields, toWallClock, UNITS, type Unit, unitOf, write } from './draft';

interface Props {
  value: Schedule;
  onChange: (value: Schedule) => void;
  /** Problems by member: `expression`, `timezone`, … */
  problems: Record<string, string>;
}

export function ScheduleFields({ value, onChange, problems }: Props) {
  const { t } = useTranslation();
  const set = (change: Partial<Schedule>) => onChange({ ...value, ...change });
  const pick = (type: string) => {
    const zone = value.timezone ?? viewerZone();
    if (type === 'interval') onChange({ ...value, type, interval_seconds: value.interval_seconds ?? 3_600 });
    else if (type === 'cron') onChange({ ...value, type, expression: value.expression ?? '0 8 * * *', timezone: zone });
    else if (type === 'once') onChange({ ...value, type, timezone: zone, run_at: value.run_at ?? nextHour() });
  };
  return (
    <div className="sg-stack">
      <SegmentedControl
        aria-label={t('schedule.type')}
        value={value.type}
        onChange={pick}
        data={(['cron', 'interval', 'once'] as const).map((type) => ({
          value: type,
          label: t(`schedule.types.${type}`),
        }))}
      />
      {value.type === 'interval' && <Interval value={value} set={set} problems={problems} />}
      {value.type === 'cron' && <Cron value={value} set={set} problems={problems} />}
      {value.type === 'once' && <Instant name="run_at" value={value} set={set} problems={problems} required />}
      <Zone value={value} set={set} problem={problems.timezone} />
      {value.type !== 'once' && (
        <details className="sg-more-options">
          <summary>{t('schedule.bounds')}</summary>
          <div className="sg-stack">
            <div className="sg-row">
              <Instant name="start_at" value={value} set={set} problems={problems} />
              <Instant name="end_at" value={value} set={set} problems={problems} />
            </div>
            {value.type === 'cron' && <Dst value={value} set={set} />}
          </div>
        </details>
      )}
    </div>
  );
}

interface Part {
  value: Schedule;
  set: (change: Partial<Schedule>) => void;
  problems: Record<string, string>;
}

const nextHour = () => new Date(Math.ceil((Date.now() + 60_000) / 3_600_000) * 3_600_000).toISOString();

function Interval({ value, set, problems }: Part) {
  const { t } = useTranslation();
  const seconds = value.interval_seconds ?? 0;
  const unit = unitOf(seconds || 3_600);
  return (
    <div className="sg-row">
      <NumberInput
        label={t('schedule.every')}
        value={seconds ? seconds / UNITS[unit] : ''}
        allowDecimal={false}
        min={1}
        clampBehavior="none"
        error={problems.interval_seconds}
        onChange={(count) => set({ interval_seconds: count === '' ? undefined : Number(count) * UNITS[unit] })}
      />
      <Select
        label={t('schedule.unit')}
        value={unit}
        allowDeselect={false}
        data={Object.keys(UNITS).map((name) => ({ value: name, label: t(`schedule.units.${name}`) }))}
        onChange={(next) =>
          set({ interval_seconds: Math.max(1, seconds / UNITS[unit]) * UNITS[(next ?? unit) as Unit] })
        }
      />
    </div>
  );
}

const KINDS = ['minutes', 'hourly', 'daily', 'weekly', 'monthly'] as const;

function fresh(kind: Pattern['kind'], before: Pattern | null): Pattern {
  const hour = before && 'hour' in before ? before.hour : 8;
  const minute = before && 'minute' in before ? before.minute : 0;
  switch (kind) {
    case 'minutes':
      return { kind, every: 15 };
    case 'hourly':
      return { kind, minute };
    case 'daily':
      return { kind, hour, minute };
    case 'weekly':
      return { kind, days: [1, 2, 3, 4, 5], hour, minute };
    case 'monthly':
      return { kind, day: 1, hour, minute };
  }
}

function Cron({ value, set, problems }: Part) {
  const { t } = useTranslation();
  const expression = value.expression ?? '';
  const pattern = read(expression);
  const six = sixFields(expression);
  const change = (next: Pattern) => set({ expression: write(next) });
  return (
    <>
      <div className="sg-row">
        <Select
          label={t('schedule.repeat')}
          value={pattern?.kind ?? 'custom'}
          allowDeselect={false}
          data={[...KINDS, 'custom' as const].map((kind) => ({
            value: kind,
            label: t(`schedule.kinds.${kind}`),
            disabled: kind === 'custom',
          }))}
          onChange={(kind) => kind && kind !== 'custom' && change(fresh(kind as Pattern['kind'], pattern))}
        />
        {pattern?.kind === 'minutes' && (
          <Select
            label={t('schedule.every_minutes')}
            value={String(pattern.every)}
            allowDeselect={false}
            data={['1', '2', '3', '4', '5', '6', '10', '12', '15', '20', '30']}
            onChange={(every) => change({ ...pattern, every: Number(every) })}
          />
        )}
        {pattern?.kind === 'hourly' && (
          <NumberInput
            label={t('schedule.minute')}
            value={pattern.minute}
            min={0}
            max={59}
            allowDecimal={false}
            onChange={(minute) => change({ ...pattern, minute: Math.min(59, Math.max(0, Number(minute))) })}
          />
        )}
        {pattern?.kind === 'monthly' && (
          <Select
            label={t('schedule.day')}
            value={String(pattern.day)}
            allowDeselect={false}
            data={[
              ...Array.from({ length: 31 }, (_, day) => String(day + 1)),
              { value: 'L', label: t('schedule.last_day') },
            ]}
            onChange={(day) => change({ ...pattern, day: day === 'L' ? 'L' : Number(day) })}
          />
        )}
        {pattern && 'hour' in pattern && (
          <TextInput
            type="time"
            label={t('schedule.at')}
            value={`${String(pattern.hour).padStart(2, '0')}:${String(pattern.minute).padStart(2, '0')}`}
            onChange={(event) => {
              const [hour, minute] = event.currentTarget.value.split(':').map(Number);
              if (hour !== undefined && minute !== undefined) change({ ...pattern, hour, minute });
            }}
          />
        )}
      </div>
      {pattern?.kind === 'weekly' && <Weekdays days={pattern.days} change={(days) => change({ ...pattern, days })} />}
      <TextInput
        label={t('schedule.expression')}
        description={t('schedule.expression_help')}
        classNames={{ input: 'sg-mono' }}
        spellCheck={false}
        autoComplete="off"
        maxLength={300}
        value={expression}
        error={problems.expression}
        onChange={(event) => set({ expression: event.currentTarget.value })}
      />
      {six && (
        <Alert>
          <p>
            {six.secondsLast ? t('schedule.six_fields') : t('schedule.seven_fields')}
            {six.year && ` ${t('schedule.year_lost', { year: six.year })}`}
          </p>
          <div className="sg-row sg-row-tight">
            {(['secondsFirst', 'secondsLast'] as const).map((way) => {
              const found = six[way];
              return (
                found && (
                  <Button key={way} size="xs" variant="default" onClick={() => set(found)}>
                    {t(way === 'secondsFirst' ? 'schedule.seconds_first' : 'schedule.seconds_last', {
                      expression: found.expression,
                      seconds: found.seconds,
                    })}
                  </Button>
                )
              );
            })}
          </div>
        </Alert>
      )}
      {(problems.seconds || (value.seconds && value.seconds !== '0')) && (
        <TextInput
          label={t('schedule.seconds')}
          classNames={{ input: 'sg-mono' }}
          value={value.seconds ?? ''}
          error={problems.seconds}
          onChange={(event) => set({ seconds: event.currentTarget.value || undefined })}
        />
      )}
    </>
  );
}

/** Monday first; a group of buttons that are pressed or not. */
function Weekdays({ days, change }: { days: number[]; change: (days: number[]) => void }) {
  const { t } = useTranslation();
  const names = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' });
  return (
    <fieldset className="sg-weekdays">
      <legend>{t('schedule.weekdays')}</legend>
      {[1, 2, 3, 4, 5, 6, 0].map((day) => {
        const on = days.includes(day);
        return (
          <button
            key={day}
            type="button"
            aria-pressed={on}
            onClick={() => {
              const next = on ? days.filter((other) => other !== day) : [...days, day];
              if (next.length > 0) change(next);
            }}
          >
            {names.format(new Date(Date.UTC(2026, 1, 1 + day)))}
          </button>
        );
      })}
    </fieldset>
  );
}

function Zone({ value, set, problem }: { value: Schedule; set: Part['set']; problem: string | undefined }) {
  const { t } = useTranslation();
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
  return (
    <Autocomplete
      label={t('schedule.timezone')}
      description={t('schedule.timezone_help', { zone: viewerZone() })}
      data={zones}
      limit={60}
      value={value.timezone ?? 'UTC'}
      error={problem}
      onChange={(zone) => set({ timezone: zone })}
    />
  );
}

function Instant({
  name,
  value,
  set,
  problems,
  required = false,
}: Part & { name: 'run_at' | 'start_at' | 'end_at'; required?: boolean }) {
  const { t } = useTranslation();
  const zone = knownZone(value.timezone ?? 'UTC');
  const instant = value[name];
  return (
    <TextInput
      type="datetime-local"
      step={1}
      label={t(`schedule.${name}`)}
      description={t('schedule.in_zone', { zone })}
      withAsterisk={required}
      error={problems[name]}
      value={instant ? toWallClock(instant, zone) : ''}
      onChange={(event) => set({ [name]: fromWallClock(event.currentTarget.value, zone) ?? undefined })}
    />
  );
}

function knownZone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return 'UTC';
  }
}

function Dst({ value, set }: { value: Schedule; set: Part['set'] }) {
  const { t } = useTranslation();
  const dst = value.dst ?? { gap: 'next' as const, fold: 'first' as const };
  return (
    <div className="sg-row">
      <Select
        label={t('schedule.gap')}
        value={dst.gap}
        allowDeselect={false}
        data={(['next', 'skip'] as const).map((word) => ({ value: word, label: t(`schedule.gaps.${word}`) }))}
        onChange={(gap) => set({ dst: { ...dst, gap: gap as typeof dst.gap } })}
      />
      <Select
        label={t('schedule.fold')}
        value={dst.fold}
        allowDeselect={false}
        data={(['first', 'second', 'both'] as const).map((word) => ({
          value: word,
          label: t(`schedule.folds.${word}`),
        }))}
        onChange={(fold) => set({ dst: { ...dst, fold: fold as typeof dst.fold } })}
      />
    </div>
  );
}
