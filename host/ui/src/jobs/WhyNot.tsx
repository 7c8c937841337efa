/** The walk through everything that decides about one instant. */
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { whyQuery } from '../api/queries';
import { StatusMark } from '../parts/StatusMark';
import { Skeleton, Trouble } from '../parts/states';
import { viewerZone } from '../parts/time';
import { fromWallClock } from '../schedule/draft';

export function WhyNot({ id }: { id: string }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const why = useQuery(whyQuery(id, asked));
  return (
    <section className="sg-panel">
      <form
        className="sg-filters"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(fromWallClock(typed, viewerZone()) ?? undefined);
        }}
      >
        <TextInput
          type="datetime-local"
          step={1}
          label={t('why.at')}
          description={t('schedule.in_zone', { zone: viewerZone() })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          {t('why.ask')}
        </Button>
      </form>
      {why.isPending && <Skeleton rows={4} />}
      {why.isError && <Trouble error={why.error} />}
      {why.data && (
        <>
          <p>
            <strong>{why.data.answer}</strong>{' '}
            {why.data.execution && (
              <Link to="/executions/$id" params={{ id: why.data.execution }}>
                {t('why.execution')}
              </Link>
            )}
          </p>
          <ol className="sg-why">
            {why.data.steps.map((step) => (
              <li key={step.check}>
                <StatusMark status={step.passed ? 'success' : 'failed'} small />
                <strong>{step.check}</strong>
                <span>{step.detail}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
