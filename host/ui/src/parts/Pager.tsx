import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { number } from './time';

export function Pager({
  page,
  size,
  total,
  go,
}: {
  page: number;
  size: number;
  total: number;
  go: (page: number) => void;
}) {
  const { t } = useTranslation();
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return null;
  return (
    <nav className="sg-foot" aria-label={t('pager.pages')}>
      <span>
        {t('pager.range', {
          from: number((page - 1) * size + 1),
          to: number(Math.min(page * size, total)),
          total: number(total),
        })}
      </span>
      <div>
        <Button variant="default" size="xs" disabled={page <= 1} onClick={() => go(page - 1)}>
          {t('pager.previous')}
        </Button>
        <Button variant="default" size="xs" disabled={page >= last} onClick={() => go(page + 1)}>
          {t('pager.next')}
        </Button>
      </div>
    </nav>
  );
}
