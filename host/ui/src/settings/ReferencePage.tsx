/** The routes of the interface, from the server's own OpenAPI document. */
import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem';
import { session } from '../api/session';
import { Code } from '../parts/Details';
import { Page } from '../parts/Page';
import { Skeleton, Trouble } from '../parts/states';
import './reference.css';

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; description?: string; required?: boolean }[];
  requestBody?: { content?: Record<string, { schema?: { $ref?: string } }> };
  responses?: Record<string, { description?: string }>;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

export function ReferencePage() {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const document = useQuery({
    queryKey: ['openapi'],
    queryFn: async () => {
      const response = await fetch('/openapi.json', { headers: session.credentials() });
      if (!response.ok) throw await Problem.of(response);
      return (await response.json()) as OpenApi;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const operations = Object.entries(document.data?.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sought = search.toLowerCase();
  const shown = operations.filter(({ path, method, operation }) =>
    `${method} ${path} ${operation.summary ?? ''}`.toLowerCase().includes(sought),
  );
  return (
    <Page title={t('places.reference')} lead={t('reference.lead')}>
      {document.isPending && <Skeleton />}
      {document.isError && <Trouble error={document.error} retry={() => void document.refetch()} />}
      {document.data && (
        <>
          <search className="sg-filters">
            <TextInput
              className="sg-filter-search"
              type="search"
              label={t('filter.search')}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
          </search>
          <div className="sg-stack">
            {shown.map(({ path, method, operation }) => (
              <OperationView
                key={method + path}
                path={path}
                method={method}
                operation={operation}
                schemas={document.data.components.schemas}
              />
            ))}
          </div>
        </>
      )}
    </Page>
  );
}

function OperationView({
  path,
  method,
  operation,
  schemas,
}: {
  path: string;
  method: string;
  operation: Operation;
  schemas: Record<string, unknown>;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const name = body?.$ref?.split('/').at(-1);
  return (
    <details className="sg-operation" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="sg-mono sg-method">{method.toUpperCase()}</span>{' '}
        <span className="sg-mono sg-break">{path}</span>
        <span className="sg-below">{operation.summary ?? operation.description}</span>
      </summary>
      {open && (
        <div className="sg-operation-body">
          {operation.description && operation.description !== operation.summary && <p>{operation.description}</p>}
          {(operation.parameters ?? []).length > 0 && (
            <dl className="sg-parameters">
              {operation.parameters?.map((parameter) => (
                <div key={parameter.in + parameter.name}>
                  <dt>
                    <code>{parameter.name}</code> <span className="sg-soft">{parameter.in}</span>
                  </dt>
                  <dd>{parameter.description}</dd>
                </div>
              ))}
            </dl>
          )}
          {name && (
            <>
              <h2 className="sg-panel-title">{t('reference.body', { name })}</h2>
              <Code text={JSON.stringify(schemas[name], null, 2)} />
            </>
          )}
          <p className="sg-soft">
            {Object.entries(operation.responses ?? {})
              .map(([code, answer]) => `${code} ${answer.description ?? ''}`.trim())
              .join(' · ')}
          </p>
        </div>
      )}
    </details>
  );
}
