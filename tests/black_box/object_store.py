"""An S3 server: moto's, which keeps objects in memory, with a bucket and one key that may use it.

Prints its port. Checks signatures once it is set up. While the file HOLD exists, parts of uploads behind the first wait.
Arguments: HOLD, access key's file (written here as JSON).
"""

import json
import os
import sys
import threading
import time

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "1000000"
import boto3
from botocore.config import Config
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

hold, keys = sys.argv[1:3]
application = DomainDispatcherApplication(create_backend_app)


def gate(environ, start_response):
    query = environ.get("QUERY_STRING", "")
    if environ["REQUEST_METHOD"] == "PUT" and "partNumber=" in query and "partNumber=1&" not in query:
        while os.path.exists(hold):
            time.sleep(0.02)
    return application(environ, start_response)


server = make_server("127.0.0.1", 0, gate, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def client(service):
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-1",
        aws_access_key_id="setup",
        aws_secret_access_key="setup",
        config=Config(s3={"addressing_style": "path"}),
    )


client("s3").create_bucket(Bucket="archive")
iam = client("iam")
iam.create_user(UserName="sandglass")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="sandglass", PolicyName="s3", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="sandglass")["AccessKey"]
with open(keys, "w") as file:
    json.dump({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}, file)
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
print(server.port, flush=True)
threading.Event().wait()
