"""The sample tests of the customer's specification, against a running server.

SANDGLASS_URL and SANDGLASS_TOKEN say where it is and who asks.
"""

import json
import os
import unittest
import urllib.request


class Response:
    def __init__(self, status_code, body):
        self.status_code = status_code
        self.body = body

    def json(self):
        return json.loads(self.body)


class Client:
    """As much of a test client as the sample tests use."""

    def __init__(self, base, token):
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=self.headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Response(response.status, response.read())
        except urllib.error.HTTPError as error:
            return Response(error.code, error.read())

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, json=None):
        return self.request("POST", path, json)


class DynamicScheduler(unittest.TestCase):
    def setUp(self):
        self.client = Client(os.environ["SANDGLASS_URL"], os.environ["SANDGLASS_TOKEN"])
        self.job_data = {
            "name": "Test Cleanup Job",
            "template_type": "database_cleanup",
            "parameters": {
                "collection": "logs",
                "days_old": 30,
                "date_field": "created_at",
                "dry_run": True,
            },
            "schedule": {"type": "interval", "interval_seconds": 3600},
        }

    def test_list_templates(self):
        response = self.client.get("/api/admin/scheduler/templates")
        self.assertEqual(response.status_code, 200)
        self.assertIn("templates", response.json())

    def test_create_job(self):
        response = self.client.post("/api/admin/scheduler/jobs", json=self.job_data)
        self.assertEqual(response.status_code, 200)

    def test_execute_job(self):
        job = self.client.post("/api/admin/scheduler/jobs", json=self.job_data).json()
        response = self.client.post(f"/api/admin/scheduler/jobs/{job['id']}/run?wait=60")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["status"], "success")


if __name__ == "__main__":
    unittest.main()
