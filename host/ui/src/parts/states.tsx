/** The states of a list that is no list yet: loading, empty, filtered empty, in trouble. */
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem';

export function Skeleton({ rows = 8 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div className="sg-skeleton" role="status" aria-label={t('states.loading')}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing
        <div key={row} />
      ))}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="sg-empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function FilteredEmpty({ clear }: { clear: () => void }) {
  const { t } = useTranslation();
  return (
    <Empty
      title={t('states.nothing_matches')}
      action={
        <Button variant="default" onClick={clear}>
          {t('states.clear_filters')}
        </Button>
      }
    />
  );
}

export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const problem = Problem.from(error);
  return (
    <div className="sg-trouble" role="alert">
      <h2>{problem.status === 0 ? t('states.unreachable') : t('states.trouble')}</h2>
      <p>{problem.message}</p>
      {problem.faults.length > 0 && (
        <ul>
          {problem.faults.map((fault) => (
            <li key={fault.pointer + fault.code}>
              <code>{fault.pointer}</code> {fault.message}
            </li>
          ))}
        </ul>
      )}
      {problem.requestId && (
        <p className="sg-soft">
          {t('states.request')} <code>{problem.requestId}</code>
        </p>
      )}
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          {t('states.retry')}
        </Button>
      )}
    </div>
  );
}
