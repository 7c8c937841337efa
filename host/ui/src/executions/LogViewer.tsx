/** The log: virtual rows, follows its end until one scrolls up, searches every line, all of it as a file. */
import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogLine } from '../api/client';
import { Trouble } from '../parts/states';
import { number } from '../parts/time';
import { asText, LEVELS, type Level, matching, useLog } from './log';

const ROW = 20;
/** So near to the end one still follows. */
const NEAR = 40;

export function LogViewer({ id, total, over }: { id: string; total: number; over: boolean }) {
  const { t } = useTranslation();
  const log = useLog(id, total);
  const [least, setLeast] = useState<Level>('DEBUG');
  const [typed, setTyped] = useState('');
  const [text] = useDebouncedValue(typed, 150);
  const [following, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the array is the same while its lines grow
  const shown = useMemo(() => matching(log.lines, least, text), [log.version, log.lines, least, text]);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
    getItemKey: (index) => shown[index] ?? index,
  });

  useEffect(() => {
    if (following && shown.length > 0) rows.scrollToIndex(shown.length - 1, { align: 'end' });
  }, [following, shown.length, rows]);

  const empty = log.loaded === 0;
  return (
    <div className="sg-log">
      <div className="sg-filters">
        <TextInput
          className="sg-filter-search"
          type="search"
          label={t('log.search')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Select
          label={t('log.level')}
          value={least}
          allowDeselect={false}
          data={LEVELS.map((level) => ({ value: level, label: t(`log.levels.${level}`) }))}
          onChange={(level) => setLeast((level ?? 'DEBUG') as Level)}
        />
        <Button variant="default" aria-pressed={following} onClick={() => setFollowing(!following)}>
          {following ? t('log.following') : t('log.follow')}
        </Button>
        <Button variant="default" disabled={empty} onClick={() => download(asText(log.lines), `${id}.log`)}>
          {t('log.download')}
        </Button>
        <span className="sg-log-count" role="status">
          {shown.length === log.loaded
            ? t('log.count', { count: log.loaded, number: number(log.loaded) })
            : t('log.matches', { found: number(shown.length), number: number(log.loaded) })}
          {log.loaded < log.total && ` · ${t('log.loading', { total: number(log.total) })}`}
        </span>
      </div>
      {log.error && <Trouble error={log.error} />}
      <div
        ref={box}
        className="sg-log-box"
        data-short={shown.length <= 8 || undefined}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keyboard
        tabIndex={0}
        role="log"
        aria-label={t('executions.log')}
        aria-live="off"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          setFollowing(scrollHeight - scrollTop - clientHeight < NEAR);
        }}
      >
        {empty && !log.error && <p className="sg-log-empty">{over ? t('log.empty') : t('log.waiting')}</p>}
        {!empty && shown.length === 0 && <p className="sg-log-empty">{t('states.nothing_matches')}</p>}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const line = log.lines[shown[row.index] ?? -1];
            return (
              <div
                key={row.key}
                data-index={row.index}
                ref={rows.measureElement}
                className="sg-log-row"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                {line && <Line line={line} sought={text} />}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Line({ line, sought }: { line: LogLine; sought: string }) {
  return (
    <>
      <time dateTime={line.timestamp} title={line.timestamp}>
        {line.timestamp.slice(11, 23)}
      </time>
      <span className={`sg-log-level sg-log-${line.level}`}>{line.level}</span>
      <span className="sg-log-text">{marked(line.message, sought)}</span>
    </>
  );
}

/** The text with what was sought marked; only ever text. */
function marked(text: string, sought: string) {
  if (sought === '') return text;
  const at = text.toLowerCase().indexOf(sought.toLowerCase());
  if (at < 0) return text;
  const end = at + sought.length;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </>
  );
}

function download(text: string, name: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
