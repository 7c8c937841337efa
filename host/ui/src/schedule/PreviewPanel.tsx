/** What the server makes of a schedule: words, the next ten runs in the job's and the viewer's zone, notes. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../api/client';
import { Problem } from '../api/problem';
import { previewQuery } from '../api/queries';
import { useNow } from '../parts/now';
import { Skeleton } from '../parts/states';
import { relative, viewerZone, wallClock } from '../parts/time';
import { clean } from './draft';

/** The server's word on a schedule, and its problems by member. */
export function usePreview(schedule: Schedule) {
  const [settled] = useDebouncedValue(clean(schedule), 200);
  const preview = useQuery(previewQuery(settled));
  const problems: Record<string, string> = {};
  if (preview.isError) {
    for (const fault of Problem.from(preview.error).faults) {
      const member = fault.pointer.replace(/^\/schedule\/?/, '').split('/')[0] || 'expression';
      problems[member] ??= fault.message;
    }
  }
  return { preview, problems };
}

export function PreviewPanel({ preview, problems }: ReturnType<typeof usePreview>) {
  const { t } = useTranslation();
  const now = useNow(1000);
  const own = viewerZone();
  const failed = preview.isError;
  return (
    <section className="sg-panel sg-preview" aria-label={t('schedule.preview')} aria-live="polite">
      {preview.isPending && !failed && <Skeleton rows={5} />}
      {failed && (
        <p className="sg-form-problem">
          {Object.keys(problems).length > 0 ? t('schedule.not_yet') : Problem.from(preview.error).message}
        </p>
      )}
      {!failed && preview.data && (
        <>
          <p className="sg-preview-text">{preview.data.text}</p>
          {preview.data.notes.map((note) => (
            <p key={note} className="sg-note sg-preview-note">
              {note}
            </p>
          ))}
          {preview.data.runs.length === 0 && <p>{t('schedule.no_runs')}</p>}
          <ol className="sg-runs">
            {preview.data.runs.map((run) => (
              <li key={run}>
                <span>{wallClock(run, preview.data.timezone)}</span>
                <small>{relative(run, now)}</small>
                {preview.data.timezone !== own && (
                  <small>{t('schedule.yours', { time: wallClock(run, own, false), zone: own })}</small>
                )}
              </li>
            ))}
          </ol>
          <p className="sg-form-note">{t('schedule.shown_in', { zone: preview.data.timezone })}</p>
        </>
      )}
    </section>
  );
}
