"""Recognisable values for the secrets Beam lets travel in its bodies; none may be seen outside a client."""

from collections.abc import Mapping
from types import MappingProxyType

CANARIES: Mapping[str, str] = MappingProxyType(
    {
        "password": "$2b$10$CANARY.password.hash.q9Zt7",
        "rememberToken": "CANARY-remember-token-5f1d",
        "cognitoUserId": "CANARY-cognito-user-eu-central-1-77aa",
        "userAccessTokenId": "CANARY-user-access-token-id-31c9",
        "email": "canary.person@sandbox.invalid",
    }
)
