"""The rows of the portal's pages for programs: JSON, read with a personal token, documented as OpenAPI."""
