/** What a run was denied, with the grants that would have allowed it. */
import { useTranslation } from 'react-i18next';
import type { Execution } from '../api/client';
import { Offer } from '../templates/Forecast';
import { rightsIn } from '../templates/rights';

/** Errors and the first lines of the log: each refusal tells there what would have allowed it. */
export function Denied({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const lines = (execution.logs ?? []).map(({ message }) => message);
  const rights = rightsIn([execution.error ?? '', ...(execution.result?.errors ?? []), ...lines].join('\n'));
  if (rights.length === 0) return null;
  return (
    <section className="sg-note sg-spaced" data-tone="failed" aria-label={t('executions.denied')}>
      <p>
        <strong>{t('executions.denied')}</strong>
      </p>
      {rights.map((right) => (
        <Offer key={JSON.stringify(right)} type={execution.template_type} right={right} />
      ))}
    </section>
  );
}
