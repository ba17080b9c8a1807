"""Files that hang on tasks and agents, and the signed links that open them without credentials."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.wire import Json, stable_id, stamp


@dataclass(frozen=True)
class StoredFile:
    """Bytes somebody gave to Beam, or Beam made."""

    id: str
    agent_id: str
    name: str
    mime_type: str
    data: bytes

    @property
    def signature(self) -> str:
        """What a link needs to carry to open this file."""
        return hashlib.sha256(f"signed {self.id}".encode()).hexdigest()


def sample_pdf(title: str) -> bytes:
    """A very small document that looks like a PDF."""
    return f"%PDF-1.4\n% {title}\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n".encode()


def context_file(file: StoredFile, task_id: str, agent: Json, at: datetime) -> Json:
    """A file as a task's contextFiles carry it: with its owner, secrets and all."""
    owner = stable_id("user")
    return {
        "name": file.name,
        "userId": owner,
        "uploadStatus": "completed",
        "uploadSource": "file_upload",
        "isForAgentDatabase": False,
        "agentId": file.agent_id,
        "agent": {**agent, "vectorDbId": stable_id("vectors"), "userAccessTokenId": CANARIES["userAccessTokenId"]},
        "user": _owner(owner, at),
        "agentTask": {"id": task_id, "mode": "AUTO", "isSuccess": False, "manualRetryCount": 0, "tokenUsages": []},
        "id": file.id,
        "createdAt": stamp(at),
        "updatedAt": stamp(at),
        "src": f"s3://sandbox/{file.id}",
        "fileKey": f"uploads/{file.id}/{file.name}",
        "mimeType": file.mime_type,
        "taskId": task_id,
        "agentTaskId": task_id,
        "url": None,
        "datasourceConnectionId": None,
        "externalFileId": None,
    }


def _owner(owner: str, at: datetime) -> Json:
    return {
        "name": "Sam Sandbox",
        "email": CANARIES["email"],
        "cognitoUserId": CANARIES["cognitoUserId"],
        "role_name": "admin",
        "isInternalUser": False,
        "id": owner,
        "createdAt": stamp(at),
        "updatedAt": stamp(at),
        "avatarSrc": None,
        "socialProvider": None,
        "socialProviderId": None,
        "password": CANARIES["password"],
        "paymentProviderCustomerId": None,
        "rememberToken": CANARIES["rememberToken"],
        "emailVerified": True,
        "referralCode": None,
    }
